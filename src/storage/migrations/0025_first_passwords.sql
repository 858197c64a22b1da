-- A password that an administrator has seen opens nothing: the person chooses one of their own with it.
ALTER TABLE account ADD COLUMN password_is_first boolean NOT NULL DEFAULT false;
ALTER TABLE account ADD CHECK (NOT password_is_first OR password_hash IS NOT NULL);

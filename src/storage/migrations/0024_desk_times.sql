-- How long the person who typed a draft looked at its field, over all their looks. It goes into keying_time when the
-- form is settled, and away with the draft.
ALTER TABLE field_draft ADD COLUMN seconds double precision CHECK (seconds > 0);

-- Who was on a list of people to write to is forgotten after a time too: the list with its counts stays.
ALTER TABLE erasure DROP CONSTRAINT erasure_kind_check,
    ADD CONSTRAINT erasure_kind_check CHECK (kind IN ('household', 'document', 'contact_list'));

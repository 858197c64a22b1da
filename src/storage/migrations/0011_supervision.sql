-- Files that came to nothing and need nobody any more. The reasons are chosen from a list, so that none holds
-- personal data; the file itself stays where it is.
ALTER TABLE document
    ADD COLUMN dismissed_at     timestamptz,
    ADD COLUMN dismissed_by     uuid REFERENCES account (id),
    ADD COLUMN dismissed_reason text CHECK (dismissed_reason IN ('entered_by_hand', 'scanned_again', 'not_ours', 'by_mistake')),
    ADD CONSTRAINT dismissal_is_whole CHECK (num_nulls(dismissed_at, dismissed_by, dismissed_reason) IN (0, 3));
CREATE INDEX document_unfinished_business ON document (received_at)
    WHERE state IN ('exception', 'quarantined') AND dismissed_at IS NULL;

-- Set numbers given to printed blanks, so that no two families get the same one.
CREATE TABLE printed_set (
    definition_id      text NOT NULL,
    definition_version integer NOT NULL,
    set_number         text NOT NULL,
    printed_at         timestamptz NOT NULL,
    printed_by         uuid NOT NULL REFERENCES account (id),
    PRIMARY KEY (definition_id, definition_version, set_number)
);

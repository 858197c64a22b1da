-- The review desk: what is typed before a form is finished, which form comes next, and what people tell each other.

-- What stands in the inputs of a field, kept until the form is settled. One per field, whoever typed it: a form that a
-- colleague goes on with begins where it was left.
CREATE TABLE field_draft (
    form_id    uuid NOT NULL,
    name       text NOT NULL,
    account_id uuid NOT NULL REFERENCES account (id),
    -- JSON {"values", "date", "marks"}; for special-category fields it is sealed instead.
    typed      jsonb,
    key_id     text,
    sealed     bytea,
    -- Whether the person went on to the next field, or the page kept what was being typed.
    confirmed  boolean NOT NULL,
    saved_at   timestamptz NOT NULL,
    -- Order of saving, for undo.
    serial     bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (form_id, name),
    FOREIGN KEY (form_id, name) REFERENCES field (form_id, name) ON DELETE CASCADE,
    CHECK ((typed IS NULL) = (sealed IS NOT NULL) AND (sealed IS NULL) = (key_id IS NULL))
);

-- Higher comes first; the reason is for colleagues and never holds a name or a date.
ALTER TABLE form ADD COLUMN priority smallint NOT NULL DEFAULT 0;
ALTER TABLE form ADD COLUMN priority_reason text;
-- The centre that may see the form, where something else has not added it already.
ALTER TABLE form ADD COLUMN IF NOT EXISTS centre text;
-- A form that a clerk handed to the supervisors, and why.
ALTER TABLE form ADD COLUMN referred_by uuid REFERENCES account (id);
ALTER TABLE form ADD COLUMN referred_at timestamptz;
ALTER TABLE form ADD COLUMN referred_reason text;
ALTER TABLE form ADD CHECK ((referred_by IS NULL) = (referred_at IS NULL)
                            AND (referred_at IS NULL) = (referred_reason IS NULL));
CREATE INDEX form_queue ON form (priority DESC, received_at, id) WHERE state = 'in_review' AND referred_at IS NULL;
CREATE INDEX form_referred ON form (referred_at) WHERE referred_at IS NOT NULL;

-- What clerks tell the next one.
CREATE TABLE form_note (
    id         uuid PRIMARY KEY,
    form_id    uuid NOT NULL REFERENCES form (id),
    account_id uuid NOT NULL REFERENCES account (id),
    text       text NOT NULL,
    at         timestamptz NOT NULL
);
CREATE INDEX form_note_of_form ON form_note (form_id, at);

-- Keys that somebody wants other than the usual ones: JSON object of action and key.
CREATE TABLE desk_keys (
    account_id uuid PRIMARY KEY REFERENCES account (id),
    keys       jsonb NOT NULL
);

-- What else the reader took a field for: JSON list of [text, probability], best first; sealed with the reading for
-- special-category fields.
ALTER TABLE field ADD COLUMN alternatives jsonb;
ALTER TABLE field ADD CHECK (NOT special OR alternatives IS NULL);

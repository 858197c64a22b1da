-- Fields that are keyed a second time by somebody else: before the record is made (double keying) or after, as a sample.

-- A form in second_keying is settled but for the fields that a second person has to key, or a third to decide.
ALTER TABLE form DROP CONSTRAINT form_state_check;
ALTER TABLE form ADD CONSTRAINT form_state_check
    CHECK (state IN ('incomplete', 'in_review', 'second_keying', 'settled', 'set_aside'));

CREATE TABLE keying_task (
    id           uuid PRIMARY KEY,
    form_id      uuid NOT NULL,
    name         text NOT NULL,
    kind         text NOT NULL,
    -- double: the form waits for it. qa: the record is made, the answer is only compared.
    purpose      text NOT NULL CHECK (purpose IN ('double', 'qa')),
    state        text NOT NULL CHECK (state IN ('open', 'differs', 'agreed', 'decided', 'waived', 'withdrawn')),
    -- Who gave the first answer; null when the machine did.
    first_by     uuid REFERENCES account (id),
    -- Who settled the form and so may have seen the field.
    form_by      uuid REFERENCES account (id),
    -- Whether the first person saw the reader's value; null when the machine gave the answer.
    mode         text CHECK (mode IN ('confirm', 'blind')),
    -- The chance with which the field was drawn; 1 for double keying.
    chance       double precision NOT NULL CHECK (chance > 0 AND chance <= 1),
    created_at   timestamptz NOT NULL,
    second_by    uuid REFERENCES account (id),
    second_at    timestamptz,
    -- The second answer, only while it differs from the first and nobody has decided. Article 9 values are sealed.
    second_as    text CHECK (second_as IN ('value', 'blank', 'unreadable')),
    second_value jsonb,
    key_id       text,
    sealed       bytea,
    third_by     uuid REFERENCES account (id),
    third_at     timestamptz,
    -- Whose answer the third person took.
    taken        text CHECK (taken IN ('first', 'second', 'neither')),
    -- A sample found the record wrong, and when a supervisor noted that it was put right.
    dealt_with_by uuid REFERENCES account (id),
    dealt_with_at timestamptz,
    waived_by    uuid REFERENCES account (id),
    waived_at    timestamptz,
    waive_reason text,
    lease_holder uuid REFERENCES account (id),
    lease_until  timestamptz,
    version      integer NOT NULL DEFAULT 1,
    FOREIGN KEY (form_id, name) REFERENCES field (form_id, name) ON DELETE CASCADE,
    -- Never the same person twice, whatever a page lets through.
    CONSTRAINT keying_task_second_person CHECK (second_by <> first_by AND second_by <> form_by),
    CONSTRAINT keying_task_third_person
        CHECK (third_by <> first_by AND third_by <> form_by AND third_by <> second_by),
    CHECK (state <> 'agreed' OR second_by IS NOT NULL),
    CHECK (state <> 'decided' OR (second_by IS NOT NULL AND third_by IS NOT NULL AND taken IS NOT NULL)),
    CHECK (state <> 'waived' OR (waived_by IS NOT NULL AND waive_reason IS NOT NULL)),
    CHECK ((state = 'differs') = (second_as IS NOT NULL))
);
CREATE UNIQUE INDEX keying_task_live ON keying_task (form_id, name) WHERE state IN ('open', 'differs');
CREATE INDEX keying_task_waiting ON keying_task (state, purpose, created_at) WHERE state IN ('open', 'differs');
CREATE INDEX keying_task_sample ON keying_task (created_at) WHERE purpose = 'qa';
CREATE INDEX form_second_keying ON form (received_at) WHERE state = 'second_keying';

-- What keeps a family's records from being erased or used, and how they are erased.

-- hold: must not be erased. restriction (UK GDPR Article 18): kept and not used. objection (Article 21): not used until
-- somebody has decided about it. The reasons are chosen from a list, so that none holds personal data.
CREATE TABLE record_stop (
    id           uuid PRIMARY KEY,
    household_id uuid NOT NULL REFERENCES household (id),
    kind         text NOT NULL CHECK (kind IN ('hold', 'restriction', 'objection')),
    reason       text NOT NULL,
    placed_at    timestamptz NOT NULL,
    placed_by    uuid NOT NULL REFERENCES account (id),
    lifted_at    timestamptz,
    lifted_by    uuid REFERENCES account (id),
    CHECK (num_nulls(lifted_at, lifted_by) IN (0, 2))
);
CREATE UNIQUE INDEX record_stop_in_force ON record_stop (household_id, kind) WHERE lifted_at IS NULL;
CREATE TRIGGER record_stop_sharing AFTER INSERT OR UPDATE ON record_stop
    FOR EACH ROW EXECUTE FUNCTION check_sharing();

-- As before. What is restricted or objected to is given only to those who get it by law, to keep a child safe or to save
-- a life.
CREATE OR REPLACE FUNCTION recipient_sees(which uuid, family uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM recipient r JOIN household h ON h.id = family
        WHERE r.id = which AND r.revoked_at IS NULL AND r.valid_until >= current_date
          AND (r.centres = '{}' OR NOT h.address_protected AND centre_of_household(h.id) = ANY (r.centres))
          AND (r.basis NOT IN ('consent', 'requested') OR agrees_to_sharing(h.id))
          AND (r.basis IN ('legal_duty', 'safeguarding', 'vital_interests') OR NOT EXISTS (
              SELECT FROM record_stop s WHERE s.household_id = h.id AND s.lifted_at IS NULL
                     AND s.kind IN ('restriction', 'objection'))))
$$;

-- What somebody proposed to erase, and what somebody else said of it. It outlives what it names.
CREATE TABLE erasure_plan (
    id          uuid PRIMARY KEY,
    -- retention: the time is over. request: the family asks for it, and the ground says why they may.
    reason      text NOT NULL CHECK (reason IN ('retention', 'request')),
    -- The retention rule as it stood that day, or the ground of the request.
    rule        text NOT NULL,
    proposed_at timestamptz NOT NULL,
    proposed_by uuid NOT NULL REFERENCES account (id),
    decision    text CHECK (decision IN ('approved', 'refused')),
    decided_at  timestamptz,
    decided_by  uuid REFERENCES account (id),
    finished_at timestamptz,
    CHECK (num_nulls(decision, decided_at, decided_by) IN (0, 3)),
    CHECK (finished_at IS NULL OR decision = 'approved'),
    -- Nobody erases alone, whatever a page lets through.
    CONSTRAINT erasure_plan_second_person CHECK (decision <> 'approved' OR decided_by <> proposed_by)
);
CREATE INDEX erasure_plan_to_do ON erasure_plan (decided_at) WHERE decision = 'approved' AND finished_at IS NULL;

-- A family, or a scan that no record was made of, that a plan names. Only its id stays.
CREATE TABLE erasure (
    plan_id    uuid NOT NULL REFERENCES erasure_plan (id),
    kind       text NOT NULL CHECK (kind IN ('household', 'document')),
    subject_id uuid NOT NULL,
    state      text NOT NULL CHECK (state IN ('planned', 'kept', 'erased')),
    -- Why it was not erased: words of ours, no personal data.
    kept_because text,
    -- When the rows were removed; the files follow.
    erased_at  timestamptz,
    -- Rows removed by table, people, forms, files.
    removed    jsonb,
    PRIMARY KEY (plan_id, subject_id),
    CHECK ((state = 'kept') = (kept_because IS NOT NULL)),
    CHECK ((state = 'erased') = (erased_at IS NOT NULL AND removed IS NOT NULL))
);
CREATE UNIQUE INDEX erasure_once ON erasure (subject_id) WHERE state = 'erased';

-- Files that are still to be removed of what was erased. People name files after people: a row goes with its file.
CREATE TABLE erasure_object (
    bucket         text NOT NULL,
    object_key     text NOT NULL,
    -- As in document: a scanner may use a key again, and the newer file is somebody else's. Empty for our own copies.
    object_version text NOT NULL,
    plan_id        uuid NOT NULL,
    subject_id     uuid NOT NULL,
    PRIMARY KEY (bucket, object_key, object_version),
    FOREIGN KEY (plan_id, subject_id) REFERENCES erasure (plan_id, subject_id)
);
CREATE INDEX erasure_object_of ON erasure_object (plan_id, subject_id);

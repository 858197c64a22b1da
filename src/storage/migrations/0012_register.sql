-- The register: people, the households they belong to, and how each record came to be what it is.

-- One row is one person, however many forms tell of them.
ALTER TABLE service_user ADD COLUMN kind text CHECK (kind IN ('carer', 'child'));
UPDATE service_user SET kind = CASE role WHEN 'child' THEN 'child' ELSE 'carer' END;
ALTER TABLE service_user ALTER COLUMN kind SET NOT NULL;
-- Every change of a person names the version it saw.
ALTER TABLE service_user ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE service_user ADD COLUMN changed_at timestamptz;
-- The day for which the record was first true: the date beside the signature, else the day the form came.
ALTER TABLE service_user ADD COLUMN as_of date;
UPDATE service_user SET changed_at = created_at, as_of = created_at::date;
ALTER TABLE service_user ALTER COLUMN changed_at SET NOT NULL, ALTER COLUMN as_of SET NOT NULL;
-- Found to be the same person as another record, which is the one in use. The row stays, so that it can be undone.
ALTER TABLE service_user ADD COLUMN merged_into uuid REFERENCES service_user (id) CHECK (merged_into <> id);
CREATE INDEX service_user_merged ON service_user (merged_into) WHERE merged_into IS NOT NULL;

ALTER TABLE household ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE household ADD COLUMN as_of date;
UPDATE household SET as_of = created_at::date;
ALTER TABLE household ALTER COLUMN as_of SET NOT NULL;

-- A child of separated parents belongs to two households; who leaves one stays in its history.
CREATE TABLE household_member (
    household_id    uuid NOT NULL REFERENCES household (id),
    service_user_id uuid NOT NULL REFERENCES service_user (id),
    role            text NOT NULL CHECK (role IN ('primary_carer', 'secondary_carer', 'child')),
    -- Among those of the same role, from 1; never given twice.
    position        integer NOT NULL,
    joined_on       date NOT NULL,
    left_on         date,
    PRIMARY KEY (household_id, service_user_id),
    UNIQUE (household_id, role, position)
);
CREATE INDEX household_member_person ON household_member (service_user_id);
INSERT INTO household_member (household_id, service_user_id, role, position, joined_on)
    SELECT household_id, id, role, position, as_of FROM service_user;

-- What each settled form did to the register.
CREATE TABLE registration (
    form_id       uuid PRIMARY KEY REFERENCES form (id),
    household_id  uuid NOT NULL REFERENCES household (id),
    -- Whether the form made the household or told more of one.
    made          boolean NOT NULL,
    as_of         date NOT NULL,
    registered_at timestamptz NOT NULL,
    registered_by uuid REFERENCES account (id)
);
CREATE INDEX registration_household ON registration (household_id, registered_at);
INSERT INTO registration (form_id, household_id, made, as_of, registered_at)
    SELECT form_id, id, true, as_of, created_at FROM household;

-- Who each part of the form is: `primary_carer`, `child_2`.
CREATE TABLE registration_member (
    form_id         uuid NOT NULL REFERENCES registration (form_id),
    block           text NOT NULL,
    service_user_id uuid NOT NULL REFERENCES service_user (id),
    made            boolean NOT NULL,
    PRIMARY KEY (form_id, block),
    UNIQUE (form_id, service_user_id)
);
CREATE INDEX registration_member_person ON registration_member (service_user_id);
INSERT INTO registration_member (form_id, block, service_user_id, made)
    SELECT h.form_id, CASE s.role WHEN 'child' THEN 'child_' || s.position ELSE s.role END, s.id, true
    FROM service_user s JOIN household h ON h.id = s.household_id;

-- Where a person lived when. The one without an end is in use.
CREATE TABLE address (
    id              uuid PRIMARY KEY,
    service_user_id uuid NOT NULL REFERENCES service_user (id),
    line_1          text,
    line_2          text,
    town            text,
    postcode        text,
    since           date NOT NULL,
    until           date,
    form_id         uuid REFERENCES form (id)
);
CREATE UNIQUE INDEX address_in_use ON address (service_user_id) WHERE until IS NULL;
INSERT INTO address (id, service_user_id, line_1, line_2, town, postcode, since, form_id)
    SELECT gen_random_uuid(), s.id, s.details ->> 'address_line_1', s.details ->> 'address_line_2', s.details ->> 'town',
           s.details ->> 'postcode', s.as_of, h.form_id
    FROM service_user s JOIN household h ON h.id = s.household_id
    WHERE s.details ?| ARRAY['address_line_1', 'address_line_2', 'town', 'postcode'];
UPDATE service_user SET details = details - ARRAY['address_line_1', 'address_line_2', 'town', 'postcode'];

-- A consent is one person's, and every form that asks adds a row: the latest counts, the others are its history.
ALTER TABLE consent ADD COLUMN service_user_id uuid REFERENCES service_user (id);
ALTER TABLE consent ADD COLUMN form_id uuid REFERENCES form (id);
UPDATE consent c SET form_id = h.form_id,
    service_user_id = (SELECT s.id FROM service_user s WHERE s.household_id = h.id AND s.role = 'primary_carer' LIMIT 1)
    FROM household h WHERE h.id = c.household_id;
ALTER TABLE consent ALTER COLUMN service_user_id SET NOT NULL;
ALTER TABLE consent DROP CONSTRAINT consent_household_id_purpose_key;
CREATE UNIQUE INDEX consent_of_form ON consent (form_id, purpose);
CREATE INDEX consent_of_person ON consent (service_user_id, purpose);

-- Article 9 data belongs to a person, or to the household where a form asks for all of them at once. The associated
-- data of the seal is the owner's id and the name. What was stored before this migration stays with the household.
ALTER TABLE service_user_special RENAME TO special_value;
ALTER TABLE special_value DROP CONSTRAINT service_user_special_pkey;
ALTER TABLE special_value ALTER COLUMN household_id DROP NOT NULL;
ALTER TABLE special_value ADD COLUMN service_user_id uuid REFERENCES service_user (id);
ALTER TABLE special_value ADD CHECK (num_nonnulls(household_id, service_user_id) = 1);
CREATE UNIQUE INDEX special_value_of_household ON special_value (household_id, name) WHERE household_id IS NOT NULL;
CREATE UNIQUE INDEX special_value_of_person ON special_value (service_user_id, name) WHERE service_user_id IS NOT NULL;

-- Each value that took another's place, so that nothing is overwritten without trace.
CREATE TABLE record_change (
    id              uuid PRIMARY KEY,
    service_user_id uuid REFERENCES service_user (id),
    household_id    uuid REFERENCES household (id),
    name            text NOT NULL,
    -- registration: a newer form said so; merge and unmerge: two records were found to be one person, or not;
    -- rectification: somebody asked for it; withdrawal: the consent it rested on was withdrawn.
    cause           text NOT NULL CHECK (cause IN ('registration', 'merge', 'unmerge', 'rectification', 'withdrawal')),
    old             jsonb,
    new             jsonb,
    -- Of Article 9 values, JSON {"old", "new"}, sealed with the change's id and the name.
    key_id          text,
    sealed          bytea,
    -- The day from which the new value is true: what an older form says later does not take its place.
    as_of           date NOT NULL,
    form_id         uuid REFERENCES form (id),
    changed_at      timestamptz NOT NULL,
    changed_by      uuid REFERENCES account (id),
    CHECK (num_nonnulls(household_id, service_user_id) = 1),
    CHECK ((key_id IS NULL) = (sealed IS NULL)),
    CHECK (sealed IS NULL OR (old IS NULL AND new IS NULL))
);
CREATE INDEX record_change_person ON record_change (service_user_id, name, as_of);
CREATE INDEX record_change_household ON record_change (household_id, name, as_of);

-- A form that tells of people who may be on record already waits in the state matching for a person to say.
ALTER TABLE form DROP CONSTRAINT form_state_check;
ALTER TABLE form ADD CONSTRAINT form_state_check
    CHECK (state IN ('incomplete', 'in_review', 'second_keying', 'matching', 'settled', 'set_aside'));
-- Who settled the form's fields, while its record waits for somebody else.
ALTER TABLE form ADD COLUMN checked_by uuid REFERENCES account (id);
-- The household that whoever decided said the form tells more of; nothing for one of its own.
ALTER TABLE form ADD COLUMN joins_household uuid REFERENCES household (id);
CREATE INDEX form_matching ON form (received_at) WHERE state = 'matching';

-- The records that came into question for each part of a waiting form, and what was said of them. Weight, probability
-- and reasons are those shown to the person who decided; the reasons hold no values.
CREATE TABLE match_candidate (
    form_id         uuid NOT NULL REFERENCES form (id),
    block           text NOT NULL,
    service_user_id uuid NOT NULL REFERENCES service_user (id),
    weight          double precision NOT NULL,
    probability     double precision NOT NULL,
    verdict         text NOT NULL CHECK (verdict IN ('same', 'unsure')),
    reasons         jsonb NOT NULL,
    -- Null while nobody has said; then whether it is the same person.
    is_same         boolean,
    decided_by      uuid REFERENCES account (id),
    decided_at      timestamptz,
    PRIMARY KEY (form_id, block, service_user_id),
    CHECK (num_nulls(is_same, decided_by, decided_at) IN (0, 3))
);
CREATE INDEX match_candidate_person ON match_candidate (service_user_id);
CREATE UNIQUE INDEX match_candidate_one_is_same ON match_candidate (form_id, block) WHERE is_same;

-- Two records found to be one person, and what it takes to part them again.
CREATE TABLE person_merge (
    id          uuid PRIMARY KEY,
    kept_id     uuid NOT NULL REFERENCES service_user (id),
    absorbed_id uuid NOT NULL REFERENCES service_user (id),
    reason      text NOT NULL,
    merged_at   timestamptz NOT NULL,
    merged_by   uuid NOT NULL REFERENCES account (id),
    -- Households that the kept person joined by the merge.
    joined      uuid[] NOT NULL,
    -- Memberships of the absorbed person that the merge ended.
    ended       uuid[] NOT NULL,
    undone_at   timestamptz,
    undone_by   uuid REFERENCES account (id),
    CHECK (num_nulls(undone_at, undone_by) IN (0, 2))
);
CREATE UNIQUE INDEX person_merge_in_force ON person_merge (absorbed_id) WHERE undone_at IS NULL;

-- The record in use for a person.
CREATE FUNCTION person_in_use(which uuid) RETURNS uuid LANGUAGE sql STABLE AS $$
    WITH RECURSIVE chain AS (
        SELECT id, merged_into FROM service_user WHERE id = which
        UNION ALL
        SELECT s.id, s.merged_into FROM service_user s JOIN chain c ON s.id = c.merged_into
    )
    SELECT id FROM chain WHERE merged_into IS NULL
$$;

ALTER TABLE service_user DROP COLUMN household_id, DROP COLUMN role, DROP COLUMN position;
ALTER TABLE household DROP COLUMN form_id;

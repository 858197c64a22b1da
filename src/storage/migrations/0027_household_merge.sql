-- Two households found to be one. The one in use has the members, forms and consents of both; the other stays as a row
-- that leads to it, so that it can be undone, and goes with it when it is erased.
ALTER TABLE household ADD COLUMN merged_into uuid REFERENCES household (id) ON DELETE CASCADE CHECK (merged_into <> id);
CREATE INDEX household_merged ON household (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE household_merge (
    id            uuid PRIMARY KEY,
    kept_id       uuid NOT NULL REFERENCES household (id) ON DELETE CASCADE,
    absorbed_id   uuid NOT NULL REFERENCES household (id) ON DELETE CASCADE,
    reason        text NOT NULL,
    merged_at     timestamptz NOT NULL,
    merged_by     uuid NOT NULL REFERENCES account (id),
    -- Memberships of the absorbed household as they were: [{"person", "role", "position", "joined_on", "left_on"}].
    members       jsonb NOT NULL,
    -- People who were no members of the kept household before.
    joined        uuid[] NOT NULL,
    -- Forms and consents that were the absorbed household's.
    registrations uuid[] NOT NULL,
    consents      uuid[] NOT NULL,
    undone_at     timestamptz,
    undone_by     uuid REFERENCES account (id),
    CHECK (num_nulls(undone_at, undone_by) IN (0, 2))
);
CREATE UNIQUE INDEX household_merge_in_force ON household_merge (absorbed_id) WHERE undone_at IS NULL;
CREATE INDEX household_merge_kept ON household_merge (kept_id);

-- What belongs to a household in use no longer goes when the one that has its members is erased.
ALTER TABLE special_value DROP CONSTRAINT service_user_special_household_id_fkey,
    ADD CONSTRAINT special_value_household_id_fkey FOREIGN KEY (household_id) REFERENCES household (id) ON DELETE CASCADE;
ALTER TABLE record_change DROP CONSTRAINT record_change_household_id_fkey,
    ADD CONSTRAINT record_change_household_id_fkey FOREIGN KEY (household_id) REFERENCES household (id) ON DELETE CASCADE;
ALTER TABLE record_stop DROP CONSTRAINT record_stop_household_id_fkey,
    ADD CONSTRAINT record_stop_household_id_fkey FOREIGN KEY (household_id) REFERENCES household (id) ON DELETE CASCADE;

-- As before; a household in use no longer is given to nobody.
CREATE OR REPLACE FUNCTION recipient_sees(which uuid, family uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM recipient r JOIN household h ON h.id = family AND h.merged_into IS NULL
        WHERE r.id = which AND r.revoked_at IS NULL AND r.valid_until >= current_date
          AND (r.centres = '{}' OR NOT h.address_protected AND centre_of_household(h.id) = ANY (r.centres))
          AND (r.basis NOT IN ('consent', 'requested') OR agrees_to_sharing(h.id))
          AND (r.basis IN ('legal_duty', 'safeguarding', 'vital_interests') OR NOT EXISTS (
              SELECT FROM record_stop s WHERE s.household_id = h.id AND s.lifted_at IS NULL
                     AND s.kind IN ('restriction', 'objection'))))
$$;

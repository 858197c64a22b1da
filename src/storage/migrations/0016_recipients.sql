-- Who is given records of families, on which basis and how far; what each was given; and the events each gets.

CREATE TABLE recipient (
    id                   uuid PRIMARY KEY,
    -- A code of src/domain/organisations.toml and the version of that list, or 'other'.
    organisation         text NOT NULL,
    organisation_version integer NOT NULL,
    -- What people call it: the system or team that reads.
    name                 text NOT NULL,
    contact              text NOT NULL,
    purpose              text NOT NULL,
    basis                text NOT NULL CHECK (basis IN ('public_task', 'legal_duty', 'safeguarding', 'vital_interests',
                                                        'consent', 'requested')),
    -- Whoever answers for sharing without the family's say.
    responsible          text,
    scopes               text[] NOT NULL,
    field_groups         text[] NOT NULL,
    -- None means all.
    centres              text[] NOT NULL,
    has_queue            boolean NOT NULL,
    -- The last day on which it is given anything.
    valid_until          date NOT NULL,
    version              integer NOT NULL DEFAULT 1,
    registered_at        timestamptz NOT NULL,
    revoked_at           timestamptz,
    revoked_reason       text,
    -- Number of the event it was given last; they are numbered without a gap, so that it sees when one is missing.
    last_sequence        bigint NOT NULL DEFAULT 0,
    -- When the broker was last seen to have its queue.
    queue_made_at        timestamptz,
    CHECK (basis <> 'safeguarding' OR responsible IS NOT NULL),
    CHECK ((revoked_at IS NULL) = (revoked_reason IS NULL))
);

-- What was agreed when, by whom. Without an account it was a command on the server.
CREATE TABLE recipient_terms (
    recipient_id uuid NOT NULL REFERENCES recipient (id),
    version      integer NOT NULL,
    terms        jsonb NOT NULL,
    set_at       timestamptz NOT NULL,
    set_by       uuid REFERENCES account (id),
    PRIMARY KEY (recipient_id, version)
);

-- A token from before is a recipient of its own under the token's id, so that the audit trail still fits. Nobody wrote
-- down its purpose: it works for 90 days more, and by then somebody has to have completed it.
INSERT INTO recipient (id, organisation, organisation_version, name, contact, purpose, basis, scopes, field_groups, centres,
                       has_queue, valid_until, registered_at, revoked_at, revoked_reason)
    SELECT id, 'other', 1, recipient, 'Not recorded', 'Not recorded: to be completed', 'public_task',
           array_remove(scopes, 'service-users:special'),
           ARRAY['identity', 'nhs_number', 'contact', 'address', 'children', 'household', 'consents']
               || CASE WHEN 'service-users:special' = ANY (scopes) THEN ARRAY['special'] ELSE '{}'::text[] END,
           '{}', false, current_date + 90, created_at, revoked_at, CASE WHEN revoked_at IS NOT NULL THEN 'Token taken back' END
    FROM api_token;
ALTER TABLE api_token ADD COLUMN recipient_id uuid REFERENCES recipient (id);
UPDATE api_token SET recipient_id = id;
ALTER TABLE api_token ALTER COLUMN recipient_id SET NOT NULL;
ALTER TABLE api_token DROP COLUMN recipient, DROP COLUMN scopes;
CREATE INDEX api_token_recipient ON api_token (recipient_id);

-- Each time something of a family was given away. No values, and no reference to records, so that it outlives them.
CREATE TABLE disclosure (
    id              uuid PRIMARY KEY,
    at              timestamptz NOT NULL,
    recipient_id    uuid NOT NULL REFERENCES recipient (id),
    household_id    uuid NOT NULL,
    -- Nothing means the whole household.
    service_user_id uuid,
    via             text NOT NULL CHECK (via IN ('api', 'event')),
    event_type      text,
    field_groups    text[] NOT NULL,
    -- As they were that day.
    basis           text NOT NULL,
    purpose         text NOT NULL,
    CHECK ((via = 'event') = (event_type IS NOT NULL))
);
CREATE INDEX disclosure_household ON disclosure (household_id, at);
CREATE INDEX disclosure_person ON disclosure (service_user_id, at) WHERE service_user_id IS NOT NULL;

-- Families that a recipient was told of and has not been told to drop.
CREATE TABLE recipient_family (
    recipient_id uuid NOT NULL REFERENCES recipient (id),
    household_id uuid NOT NULL,
    PRIMARY KEY (recipient_id, household_id)
);
CREATE INDEX recipient_family_household ON recipient_family (household_id);

-- The relay notes here, in the order it hands them out, which event each recipient gets. What the recipient may see of
-- it is decided when it is published, and again each time it is given out.
ALTER TABLE outbox ADD COLUMN shared_at timestamptz;
UPDATE outbox SET shared_at = now();
CREATE INDEX outbox_to_share ON outbox (created_at, id) WHERE shared_at IS NULL AND exchange = 'enrol.events';
CREATE TABLE recipient_event (
    recipient_id uuid NOT NULL REFERENCES recipient (id),
    sequence     bigint NOT NULL,
    -- CloudEvents id.
    event_id     uuid NOT NULL,
    -- The announcement; nothing for the event that a family is no longer shared.
    outbox_id    uuid REFERENCES outbox (id) ON DELETE CASCADE,
    household_id uuid NOT NULL,
    happened_at  timestamptz NOT NULL,
    published_at timestamptz,
    PRIMARY KEY (recipient_id, sequence),
    UNIQUE (recipient_id, event_id)
);
CREATE INDEX recipient_event_unpublished ON recipient_event (recipient_id, sequence) WHERE published_at IS NULL;
CREATE INDEX recipient_event_outbox ON recipient_event (outbox_id);

-- Families of which somebody may have to be told that they are no longer shared.
CREATE TABLE sharing_check (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    household_id uuid NOT NULL
);
CREATE FUNCTION check_sharing() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    family uuid;
BEGIN
    IF TG_TABLE_NAME = 'household' THEN
        family = NEW.id;
    ELSIF TG_OP = 'DELETE' THEN
        family = OLD.household_id;
    ELSE
        family = NEW.household_id;
    END IF;
    INSERT INTO sharing_check (household_id) VALUES (family);
    PERFORM pg_notify('enrol_outbox', '');
    RETURN NULL;
END $$;
CREATE TRIGGER household_sharing AFTER UPDATE OF centre, address_protected ON household
    FOR EACH ROW EXECUTE FUNCTION check_sharing();
CREATE TRIGGER consent_sharing AFTER INSERT OR UPDATE OR DELETE ON consent
    FOR EACH ROW EXECUTE FUNCTION check_sharing();

-- The centre of a family: what is on record, else where its last form came in.
CREATE FUNCTION centre_of_household(which uuid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT upper(COALESCE(h.centre, (SELECT f.centre FROM registration r JOIN form f ON f.id = r.form_id
                                     WHERE r.household_id = h.id AND f.centre IS NOT NULL
                                     ORDER BY r.registered_at DESC LIMIT 1)))
    FROM household h WHERE h.id = which
$$;

-- Whether somebody of the family said yes to sharing and nobody says no, by what each of them said last.
CREATE FUNCTION agrees_to_sharing(which uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT COALESCE(bool_or(answer = 'yes') AND NOT bool_or(answer = 'no'), false)
    FROM (SELECT DISTINCT ON (service_user_id) answer FROM consent
          WHERE household_id = which AND purpose = 'sharing'
          ORDER BY service_user_id, COALESCE(signed_on, captured_at::date) DESC, captured_at DESC) latest
$$;

-- Whether the recipient is given anything at all of the family now. One that is limited to centres does not get families
-- whose address is protected: that it gets them would tell where they go.
CREATE FUNCTION recipient_sees(which uuid, family uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM recipient r JOIN household h ON h.id = family
        WHERE r.id = which AND r.revoked_at IS NULL AND r.valid_until >= current_date
          AND (r.centres = '{}' OR NOT h.address_protected AND centre_of_household(h.id) = ANY (r.centres))
          AND (r.basis NOT IN ('consent', 'requested') OR agrees_to_sharing(h.id)))
$$;

-- What differs when anything of a family's record does. Says nothing about the values.
CREATE FUNCTION household_revision(which uuid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT md5(concat_ws('|', h.version, h.address_protected,
        (SELECT string_agg(concat_ws(':', m.service_user_id, m.role, m.position, s.version, s.changed_at), ',' ORDER BY s.id)
         FROM household_member m JOIN service_user s ON s.id = m.service_user_id
         WHERE m.household_id = h.id AND m.left_on IS NULL),
        (SELECT string_agg(concat_ws(':', c.id, c.answer), ',' ORDER BY c.id) FROM consent c WHERE c.household_id = h.id),
        (SELECT string_agg(md5(v.sealed), ',' ORDER BY v.name) FROM special_value v
         WHERE v.household_id = h.id OR v.service_user_id IN (SELECT m.service_user_id FROM household_member m
                                                             WHERE m.household_id = h.id AND m.left_on IS NULL))))
    FROM household h WHERE h.id = which
$$;

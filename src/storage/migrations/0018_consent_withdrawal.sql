-- Consents that somebody took back, and what each person's answer is today.

CREATE TABLE consent_withdrawal (
    id              uuid PRIMARY KEY,
    service_user_id uuid NOT NULL REFERENCES service_user (id),
    -- As in consent: contact.email, sharing, special_category ...
    purpose         text NOT NULL,
    -- It beats every form signed on this day or before.
    withdrawn_on    date NOT NULL,
    -- How the person said so.
    how             text NOT NULL CHECK (how IN ('in_person', 'phone', 'letter', 'email', 'text')),
    noted_at        timestamptz NOT NULL,
    noted_by        uuid NOT NULL REFERENCES account (id)
);
CREATE INDEX consent_withdrawal_person ON consent_withdrawal (service_user_id, purpose);

-- The answers in force of everybody who ever answered for the family, wherever they answered last, with the row of
-- consent that tells what they were asked. By day; what staff noted comes after the forms of its day; then by moment.
-- A date after the day the form came was not the day of signing. A yes without a date counts as older than anything
-- else, so that an old form scanned again brings no consent back; any other answer counts from the day it came.
CREATE FUNCTION standing_consents(family uuid)
RETURNS TABLE (service_user_id uuid, purpose text, answer text, consent_id uuid, withdrawn_on date)
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE same AS (
        SELECT DISTINCT person_in_use(c.service_user_id) AS person, person_in_use(c.service_user_id) AS id
        FROM consent c WHERE c.household_id = family
        UNION
        SELECT same.person, s.id FROM same JOIN service_user s ON s.merged_into = same.id
    ), on_paper AS (
        SELECT same.person, c.purpose, c.answer, c.id AS consent_id,
               CASE WHEN c.signed_on IS NULL AND c.answer = 'yes' THEN '-infinity'::date
                    ELSE LEAST(COALESCE(c.signed_on, c.captured_at::date), c.captured_at::date) END AS day,
               c.captured_at AS at
        FROM same JOIN consent c ON c.service_user_id = same.id
    ), paper AS (
        SELECT DISTINCT ON (person, purpose) * FROM on_paper
        ORDER BY person, purpose, day DESC, at DESC, answer = 'yes', consent_id DESC
    ), withdrawn AS (
        SELECT same.person, w.purpose, max(w.withdrawn_on) AS day
        FROM same JOIN consent_withdrawal w ON w.service_user_id = same.id GROUP BY 1, 2
    )
    SELECT paper.person, paper.purpose, CASE WHEN w.day IS NULL THEN paper.answer ELSE 'no' END, paper.consent_id, w.day
    FROM paper LEFT JOIN withdrawn w ON w.person = paper.person AND w.purpose = paper.purpose AND w.day >= paper.day
$$;

CREATE OR REPLACE FUNCTION agrees_to_sharing(which uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT COALESCE(bool_or(answer = 'yes') AND NOT bool_or(answer = 'no'), false)
    FROM standing_consents(which) WHERE purpose = 'sharing'
$$;

-- Whether Article 9 answers of the family may be kept: somebody's explicit yes is in force, or nobody was asked.
CREATE FUNCTION keeps_special(family uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT COALESCE(bool_or(answer = 'yes'), true) FROM standing_consents(family) WHERE purpose = 'special_category'
$$;

-- Recipients that were given the family by its consent are told in the moment it ends.
CREATE FUNCTION check_sharing_of_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO sharing_check (household_id)
        SELECT DISTINCT c.household_id FROM consent c
        WHERE person_in_use(c.service_user_id) = person_in_use(NEW.service_user_id);
    PERFORM pg_notify('enrol_outbox', '');
    RETURN NULL;
END $$;
CREATE TRIGGER withdrawal_sharing AFTER INSERT ON consent_withdrawal
    FOR EACH ROW EXECUTE FUNCTION check_sharing_of_person();

-- As before, with withdrawals.
CREATE OR REPLACE FUNCTION household_revision(which uuid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT md5(concat_ws('|', h.version, h.address_protected,
        (SELECT string_agg(concat_ws(':', m.service_user_id, m.role, m.position, s.version, s.changed_at), ',' ORDER BY s.id)
         FROM household_member m JOIN service_user s ON s.id = m.service_user_id
         WHERE m.household_id = h.id AND m.left_on IS NULL),
        (SELECT string_agg(concat_ws(':', c.consent_id, c.answer, c.withdrawn_on), ',' ORDER BY c.consent_id)
         FROM standing_consents(h.id) c),
        (SELECT string_agg(md5(v.sealed), ',' ORDER BY v.name) FROM special_value v
         WHERE v.household_id = h.id OR v.service_user_id IN (SELECT m.service_user_id FROM household_member m
                                                             WHERE m.household_id = h.id AND m.left_on IS NULL))))
    FROM household h WHERE h.id = which
$$;

-- Who may be written to: consents taken back by the family itself or through another system, the lists that were made,
-- and whom no list may name.

ALTER TABLE consent_withdrawal DROP CONSTRAINT consent_withdrawal_how_check;
-- link: the family followed the one of a message. reply: another system passed on an answer to a message.
ALTER TABLE consent_withdrawal ADD CONSTRAINT consent_withdrawal_how_check
    CHECK (how IN ('in_person', 'phone', 'letter', 'email', 'text', 'link', 'reply'));
ALTER TABLE consent_withdrawal ALTER COLUMN noted_by DROP NOT NULL;
ALTER TABLE consent_withdrawal ADD COLUMN recipient_id uuid REFERENCES recipient (id);
ALTER TABLE consent_withdrawal ADD CONSTRAINT consent_withdrawal_noted_by
    CHECK (CASE how WHEN 'link' THEN num_nonnulls(noted_by, recipient_id) = 0
                    WHEN 'reply' THEN noted_by IS NULL AND recipient_id IS NOT NULL
                    ELSE noted_by IS NOT NULL AND recipient_id IS NULL END);
-- Staff noted it by mistake. What the family said itself cannot be taken back by staff.
ALTER TABLE consent_withdrawal ADD COLUMN undone_at timestamptz;
ALTER TABLE consent_withdrawal ADD COLUMN undone_by uuid REFERENCES account (id);
ALTER TABLE consent_withdrawal ADD CONSTRAINT consent_withdrawal_undone
    CHECK (num_nulls(undone_at, undone_by) IN (0, 2) AND (undone_at IS NULL OR how NOT IN ('link', 'reply')));
DROP TRIGGER withdrawal_sharing ON consent_withdrawal;
CREATE TRIGGER withdrawal_sharing AFTER INSERT OR UPDATE ON consent_withdrawal
    FOR EACH ROW EXECUTE FUNCTION check_sharing_of_person();

-- As before, without withdrawals that were undone.
CREATE OR REPLACE FUNCTION standing_consents(family uuid)
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
        FROM same JOIN consent_withdrawal w ON w.service_user_id = same.id AND w.undone_at IS NULL GROUP BY 1, 2
    )
    SELECT paper.person, paper.purpose, CASE WHEN w.day IS NULL THEN paper.answer ELSE 'no' END, paper.consent_id, w.day
    FROM paper LEFT JOIN withdrawn w ON w.person = paper.person AND w.purpose = paper.purpose AND w.day >= paper.day
$$;

-- Keys of Enrol's own, sealed like Article 9 values, so that changing the sealing key changes none of them.
CREATE TABLE data_key (
    name   text PRIMARY KEY,
    key_id text NOT NULL,
    sealed bytea NOT NULL
);

-- Addresses and numbers that no list may hold, whoever's they are: HMAC-SHA-256 under a key of data_key, so that it
-- can be asked whether one is here, and nobody can read which are. It outlives the record. A consent signed later wins.
CREATE TABLE suppression (
    channel text NOT NULL,
    mac     bytea NOT NULL CHECK (octet_length(mac) = 32),
    since   date NOT NULL,
    PRIMARY KEY (channel, mac)
);

-- A list of people to write to that somebody made. The file itself is not kept.
CREATE TABLE contact_list (
    id        uuid PRIMARY KEY,
    -- As in consent: contact.email, contact.text.
    purpose   text NOT NULL,
    -- What the message is about, in the words of whoever made the list.
    about     text NOT NULL,
    centre    text,
    made_at   timestamptz NOT NULL,
    made_by   uuid NOT NULL REFERENCES account (id),
    listed    integer NOT NULL,
    -- How many were left out, by reason.
    left_out  jsonb NOT NULL
);
-- Who was on it, with the link by which that person stops such messages: SHA-256 of a random token.
CREATE TABLE contact_list_person (
    list_id         uuid NOT NULL REFERENCES contact_list (id),
    service_user_id uuid NOT NULL REFERENCES service_user (id),
    link_hash       bytea NOT NULL UNIQUE,
    PRIMARY KEY (list_id, service_user_id)
);
CREATE INDEX contact_list_person_of ON contact_list_person (service_user_id);

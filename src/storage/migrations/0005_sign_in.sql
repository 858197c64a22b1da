-- Who may do what and where, and how people sign in.

CREATE TABLE account_role (
    account_id uuid NOT NULL REFERENCES account (id),
    role       text NOT NULL CHECK (role IN ('reception', 'clerk', 'second_clerk', 'supervisor', 'safeguarding_lead',
                                             'information_governance', 'auditor', 'administrator')),
    PRIMARY KEY (account_id, role)
);
INSERT INTO account_role (account_id, role) SELECT id, role FROM account;
ALTER TABLE account DROP COLUMN role;

-- No row: all centres.
CREATE TABLE account_centre (
    account_id uuid NOT NULL REFERENCES account (id),
    centre     text NOT NULL CHECK (centre ~ '^[A-Z0-9_-]{1,20}$'),
    PRIMARY KEY (account_id, centre)
);

-- People who sign in with a provider are known by its address and their id there, never by a name or an e-mail address.
ALTER TABLE account ALTER COLUMN password_hash DROP NOT NULL;
ALTER TABLE account ADD COLUMN issuer text;
ALTER TABLE account ADD COLUMN subject text;
ALTER TABLE account ADD UNIQUE (issuer, subject);
ALTER TABLE account ADD CHECK (CASE WHEN issuer IS NULL THEN subject IS NULL AND password_hash IS NOT NULL
                                    ELSE subject IS NOT NULL AND password_hash IS NULL END);

-- A sign-in with a provider between the way there and the way back. Each is good for one return.
CREATE TABLE sign_in_attempt (
    -- SHA-256 of the state parameter and of the browser's cookie.
    state_hash    bytea PRIMARY KEY,
    browser_hash  bytea NOT NULL,
    nonce         text NOT NULL,
    pkce_verifier text NOT NULL,
    next          text NOT NULL,
    created_at    timestamptz NOT NULL
);
CREATE INDEX sign_in_attempt_age ON sign_in_attempt (created_at);

-- The centre a file was handed in at: `centres/OAK/...` in its key, which is how scanners and the upload page say it.
ALTER TABLE document ADD COLUMN centre text
    GENERATED ALWAYS AS (upper(substring(object_key from '(?:^|/)centres/([A-Za-z0-9_-]{1,20})/'))) STORED;
-- The centre that may see a form: that of its earliest file that has one, else what the form says in office.centre
-- once that was accepted or settled, else not known. The file comes first because it rests on no reading.
ALTER TABLE form ADD COLUMN centre text;
CREATE INDEX form_centre ON form (centre) WHERE state = 'in_review';

CREATE FUNCTION centre_of_form(which uuid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT COALESCE(
        (SELECT d.centre FROM page p JOIN document d ON d.id = p.document_id
         WHERE p.form_id = which AND p.outcome = 'in_form' AND d.centre IS NOT NULL
         ORDER BY d.received_at, d.id LIMIT 1),
        (SELECT NULLIF(upper(btrim(
                    CASE WHEN f.settled_as = 'value' THEN COALESCE(f.settled_value, f.value)
                         WHEN f.settled_as IS NULL AND f.state = 'accepted' THEN f.value
                    END #>> '{}')), '')
         FROM field f WHERE f.form_id = which AND f.name = 'office.centre'))
$$;

CREATE FUNCTION note_centre() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    which uuid;
BEGIN
    FOREACH which IN ARRAY ARRAY[NEW.form_id, CASE WHEN TG_OP = 'UPDATE' THEN OLD.form_id END] LOOP
        UPDATE form SET centre = centre_of_form(which)
        WHERE id = which AND centre IS DISTINCT FROM centre_of_form(which);
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER page_tells_centre AFTER INSERT OR UPDATE OF form_id, outcome ON page
    FOR EACH ROW EXECUTE FUNCTION note_centre();
CREATE TRIGGER field_tells_centre AFTER INSERT OR UPDATE OF state, value, settled_as, settled_value ON field
    FOR EACH ROW WHEN (NEW.name = 'office.centre') EXECUTE FUNCTION note_centre();
UPDATE form SET centre = centre_of_form(id);

-- Where the family is must not become known.
ALTER TABLE household ADD COLUMN address_protected boolean NOT NULL DEFAULT false;

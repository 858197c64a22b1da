-- Documents are files as they arrived; pages are what they hold; forms are page sets.
-- Reasons are for reception staff and never hold personal data.

CREATE TABLE document (
    id              uuid PRIMARY KEY,
    bucket          text NOT NULL,
    object_key      text NOT NULL,
    -- Version id where the store has versions, else the ETag.
    object_version  text NOT NULL,
    size_bytes      bigint NOT NULL,
    last_modified   timestamptz,
    sha256          bytea,
    -- Where the bytes as they arrived are kept unchanged: originals/<sha256>. Null when they could not be had.
    original_key    text,
    received_at     timestamptz NOT NULL,
    changed_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    state           text NOT NULL CHECK (state IN ('received', 'reading', 'read', 'exception', 'quarantined', 'duplicate')),
    reason_code     text,
    reason          text,
    duplicate_of    uuid REFERENCES document (id),
    page_count      integer,
    -- Work bookkeeping: attempts are counted before work starts, so that a crash counts.
    attempts        integer NOT NULL DEFAULT 0,
    lease_holder    uuid,
    lease_until     timestamptz,
    next_attempt_at timestamptz NOT NULL,
    finished_at     timestamptz,
    UNIQUE (bucket, object_key, object_version)
);
CREATE INDEX document_due ON document (next_attempt_at) WHERE state IN ('received', 'reading');
CREATE INDEX document_sha256 ON document (sha256);

CREATE TABLE form (
    id                 uuid PRIMARY KEY,
    -- What people quote: F-000123.
    reference          text NOT NULL UNIQUE,
    definition_id      text NOT NULL,
    definition_version integer NOT NULL,
    -- Printed set number; null for photocopied blanks, whose pages group within one file only.
    set_number         text,
    state              text NOT NULL CHECK (state IN ('incomplete', 'in_review', 'settled', 'set_aside')),
    reason_code        text,
    reason             text,
    received_at        timestamptz NOT NULL,
    changed_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    settled_at         timestamptz,
    -- Optimistic lock: every change by a person names the version it saw.
    version            integer NOT NULL DEFAULT 1
);
CREATE SEQUENCE form_reference_number;
CREATE UNIQUE INDEX form_set ON form (definition_id, definition_version, set_number) WHERE set_number IS NOT NULL;
CREATE INDEX form_waiting ON form (received_at) WHERE state = 'in_review';

CREATE TABLE page (
    id           uuid PRIMARY KEY,
    document_id  uuid NOT NULL REFERENCES document (id),
    number       integer NOT NULL,
    outcome      text NOT NULL CHECK (outcome IN ('in_form', 'blank', 'exception', 'quarantined', 'duplicate')),
    reason       text,
    form_id      uuid REFERENCES form (id),
    form_page    integer,
    residual_mm  double precision,
    -- Row-major 3x3, form millimetres to pixels of the decoded page.
    homography   double precision[],
    UNIQUE (document_id, number),
    CHECK ((outcome = 'in_form') = (form_id IS NOT NULL AND form_page IS NOT NULL AND homography IS NOT NULL) OR outcome = 'duplicate')
);
CREATE UNIQUE INDEX page_of_form ON page (form_id, form_page) WHERE outcome = 'in_form';

CREATE TABLE field (
    form_id       uuid NOT NULL REFERENCES form (id),
    name          text NOT NULL,
    kind          text NOT NULL,
    form_page     integer NOT NULL,
    state         text NOT NULL CHECK (state IN ('accepted', 'review', 'blank', 'unreadable')),
    confidence    double precision NOT NULL,
    reasons       text[] NOT NULL,
    -- Null for special-category fields, whose readings are in field_special.
    raw           text,
    value         jsonb,
    -- What a clerk (or, when the form is settled, the machine for accepted and blank fields) settled on.
    settled_as    text CHECK (settled_as IN ('value', 'blank', 'unreadable')),
    settled_value jsonb,
    settled_by    uuid,
    settled_at    timestamptz,
    special       boolean NOT NULL,
    PRIMARY KEY (form_id, name),
    CHECK (NOT special OR (raw IS NULL AND value IS NULL AND settled_value IS NULL))
);

-- UK GDPR Article 9 data and everything read from its zones: sealed with a key that is not in the database.
CREATE TABLE field_special (
    form_id uuid NOT NULL,
    name    text NOT NULL,
    key_id  text NOT NULL,
    -- XChaCha20-Poly1305 over JSON {"raw", "value", "settled_value"}; nonce first; form id and name as associated data.
    sealed  bytea NOT NULL,
    PRIMARY KEY (form_id, name),
    FOREIGN KEY (form_id, name) REFERENCES field (form_id, name)
);

CREATE TABLE outbox (
    id           uuid PRIMARY KEY,
    exchange     text NOT NULL,
    routing_key  text NOT NULL,
    content_type text NOT NULL,
    message_type text NOT NULL,
    body         jsonb NOT NULL,
    created_at   timestamptz NOT NULL,
    published_at timestamptz,
    attempts     integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    -- Why the last attempt failed, in the broker's words.
    last_error   text
);
CREATE INDEX outbox_unpublished ON outbox (created_at) WHERE published_at IS NULL;
CREATE INDEX outbox_by_type ON outbox (message_type, published_at);

-- Wakes the relay; it also looks by itself, so a lost notice costs a second, not a message.
CREATE FUNCTION wake_relay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('enrol_outbox', '');
    RETURN NULL;
END $$;
CREATE TRIGGER outbox_wakes_relay AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION wake_relay();

-- When a document or form last changed state, for whoever watches.
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_at = clock_timestamp();
    RETURN NEW;
END $$;
CREATE TRIGGER document_changes BEFORE UPDATE ON document
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION note_change();
CREATE TRIGGER form_changes BEFORE UPDATE ON form
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION note_change();
CREATE INDEX document_changed ON document (changed_at);
CREATE INDEX form_changed ON form (changed_at);

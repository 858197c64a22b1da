-- The audit trail can be added to and nothing else, and each entry is chained to the one before.
--
-- The hash of a link is SHA-256 over the 32 bytes of the hash before (zeros for the first) and, in UTF-8, these parts of
-- the entry in this order: position, id, microseconds since 1970, actor_kind, actor_id, action, subject, subject_id, part.
-- A part is written as its length in bytes, a colon, its text and a comma; one that is null as `-,`.

-- Which field or page of the subject: its name or number, never a value.
ALTER TABLE audit_entry ADD COLUMN part text;
CREATE INDEX audit_entry_subject ON audit_entry (subject_id);
CREATE INDEX audit_entry_at ON audit_entry (at);

CREATE TABLE audit_link (
    position bigint PRIMARY KEY,
    entry_id bigint NOT NULL UNIQUE REFERENCES audit_entry (id),
    hash     bytea NOT NULL CHECK (octet_length(hash) = 32)
);

CREATE FUNCTION audit_part(part text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT COALESCE(octet_length(convert_to(part, 'UTF8')) || ':' || part, '-') || ','
$$;

CREATE FUNCTION audit_hash(before bytea, place bigint, e audit_entry) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(before || convert_to(
        audit_part(place::text) || audit_part(e.id::text)
        || audit_part((EXTRACT(EPOCH FROM e.at) * 1000000)::bigint::text)
        || audit_part(e.actor_kind) || audit_part(e.actor_id::text) || audit_part(e.action)
        || audit_part(e.subject) || audit_part(e.subject_id::text) || audit_part(e.part), 'UTF8'))
$$;

-- Runs as the last thing of a transaction: only then is the chain locked, for as long as the commit takes, so that
-- writers neither wait for each other's work nor get into each other's way.
CREATE FUNCTION chain_audit_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last audit_link;
BEGIN
    PERFORM pg_advisory_xact_lock(x'656e726f6c02'::bigint);
    SELECT * INTO last FROM audit_link ORDER BY position DESC LIMIT 1;
    INSERT INTO audit_link (position, entry_id, hash)
    VALUES (COALESCE(last.position, 0) + 1, NEW.id,
            audit_hash(COALESCE(last.hash, decode(repeat('00', 32), 'hex')), COALESCE(last.position, 0) + 1, NEW));
    RETURN NULL;
END $$;

-- What was there before is chained in the order in which it was written.
DO $$
DECLARE
    entry audit_entry;
    place bigint := 0;
    before bytea := decode(repeat('00', 32), 'hex');
BEGIN
    FOR entry IN SELECT * FROM audit_entry ORDER BY id LOOP
        place := place + 1;
        before := audit_hash(before, place, entry);
        INSERT INTO audit_link (position, entry_id, hash) VALUES (place, entry.id, before);
    END LOOP;
END $$;

CREATE CONSTRAINT TRIGGER audit_entry_is_chained AFTER INSERT ON audit_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION chain_audit_entry();

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail can only be added to' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_entry_stays BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_entries_stay BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_link_stays BEFORE UPDATE OR DELETE ON audit_link
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_links_stay BEFORE TRUNCATE ON audit_link
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

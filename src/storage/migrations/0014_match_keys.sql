-- Under which a person is found again when a form names somebody. One row for each service user; it goes with them.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TABLE match_key (
    service_user_id uuid PRIMARY KEY REFERENCES service_user (id) ON DELETE CASCADE,
    kind            text NOT NULL CHECK (kind IN ('carer', 'child')),
    -- What is compared, as it stands on the register.
    first_name      text NOT NULL,
    middle_names    text,
    surname         text NOT NULL,
    known_as        text,
    date_of_birth   date,
    nhs_number      text,
    phones          text[] NOT NULL,
    email           text,
    address_line    text,
    postcode        text,
    gender          text,
    -- What is searched: exact keys, each with kind and sort in its first two letters, and the folded names.
    keys            text[] NOT NULL,
    name            text NOT NULL
);

CREATE INDEX match_key_keys ON match_key USING gin (keys);
CREATE INDEX match_key_name ON match_key USING gin (name gin_trgm_ops);

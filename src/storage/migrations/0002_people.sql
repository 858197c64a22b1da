-- Who works here, who is registered, and who looked at what.

CREATE TABLE account (
    id            uuid PRIMARY KEY,
    user_name     text NOT NULL UNIQUE,
    display_name  text NOT NULL,
    role          text NOT NULL CHECK (role IN ('reception', 'clerk', 'supervisor')),
    password_hash text NOT NULL,
    created_at    timestamptz NOT NULL,
    disabled_at   timestamptz
);

CREATE TABLE session (
    -- SHA-256 of the cookie's token.
    token_hash  bytea PRIMARY KEY,
    account_id  uuid NOT NULL REFERENCES account (id),
    csrf_token  text NOT NULL,
    created_at  timestamptz NOT NULL,
    last_seen   timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL
);

CREATE TABLE review_claim (
    form_id     uuid PRIMARY KEY REFERENCES form (id),
    account_id  uuid NOT NULL REFERENCES account (id),
    lease_until timestamptz NOT NULL
);

CREATE TABLE household (
    id         uuid PRIMARY KEY,
    form_id    uuid NOT NULL UNIQUE REFERENCES form (id),
    centre     text,
    -- Address, home circumstances, languages, significant people: ordinary data as JSON by field name.
    details    jsonb NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE service_user (
    id            uuid PRIMARY KEY,
    household_id  uuid NOT NULL REFERENCES household (id),
    role          text NOT NULL CHECK (role IN ('primary_carer', 'secondary_carer', 'child')),
    position      integer NOT NULL,
    first_name    text NOT NULL,
    surname       text NOT NULL,
    date_of_birth date,
    nhs_number    text,
    phone         text,
    email         text,
    -- Other ordinary fields as JSON by field name.
    details       jsonb NOT NULL,
    created_at    timestamptz NOT NULL,
    UNIQUE (household_id, role, position)
);

-- Article 9 data of a household or one of its members, sealed like field_special.
CREATE TABLE service_user_special (
    household_id uuid NOT NULL REFERENCES household (id),
    name         text NOT NULL,
    key_id       text NOT NULL,
    sealed       bytea NOT NULL,
    PRIMARY KEY (household_id, name)
);

CREATE TABLE consent (
    id              uuid PRIMARY KEY,
    household_id    uuid NOT NULL REFERENCES household (id),
    -- contact.phone, contact.text, contact.email, contact.post, special_category, sharing ...
    purpose         text NOT NULL,
    answer          text NOT NULL CHECK (answer IN ('yes', 'no', 'not_answered', 'unreadable')),
    wording         text NOT NULL,
    wording_version text NOT NULL,
    -- Evidence: where on which page the answer stands; the crop is cut from the stored original.
    page_id         uuid NOT NULL REFERENCES page (id),
    zone_mm         double precision[] NOT NULL,
    signed_on       date,
    captured_at     timestamptz NOT NULL,
    confirmed_by    uuid REFERENCES account (id),
    UNIQUE (household_id, purpose)
);

CREATE TABLE api_token (
    id           uuid PRIMARY KEY,
    token_hash   bytea NOT NULL UNIQUE,
    recipient    text NOT NULL,
    scopes       text[] NOT NULL,
    created_at   timestamptz NOT NULL,
    revoked_at   timestamptz
);

CREATE TABLE audit_entry (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL,
    -- 'account' or 'recipient' or 'machine', with its id.
    actor_kind text NOT NULL,
    actor_id   uuid,
    action     text NOT NULL,
    -- form, document, service_user, household, session
    subject    text NOT NULL,
    subject_id uuid
);

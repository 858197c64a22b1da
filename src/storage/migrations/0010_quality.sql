-- How long people took over a field, by whether they saw the reader's value. Seconds and a yes or no, never a value.
CREATE TABLE keying_time (
    id         uuid PRIMARY KEY,
    form_id    uuid NOT NULL REFERENCES form (id) ON DELETE CASCADE,
    account_id uuid NOT NULL REFERENCES account (id),
    kind       text NOT NULL,
    -- second: keyed again, or decided between two.
    mode       text NOT NULL CHECK (mode IN ('confirm', 'blind', 'second')),
    seconds    double precision NOT NULL CHECK (seconds > 0 AND seconds <= 120),
    -- Whether the answer is another than what the reader made of the field.
    changed    boolean NOT NULL,
    at         timestamptz NOT NULL
);
CREATE INDEX keying_time_at ON keying_time (at);
CREATE INDEX form_settled ON form (settled_at) WHERE state = 'settled';

-- How sure the reader was of a written field that is not settled yet: numbers, never what was read.
CREATE TABLE field_signals (
    form_id    uuid NOT NULL,
    name       text NOT NULL,
    -- Names and hashes of the weights.
    model      text NOT NULL,
    risk_group text NOT NULL,
    features   double precision[] NOT NULL,
    -- Whether it might be accepted at all.
    eligible   boolean NOT NULL,
    -- Whether it was accepted and then drawn for checking all the same.
    drawn      boolean NOT NULL,
    PRIMARY KEY (form_id, name),
    FOREIGN KEY (form_id, name) REFERENCES field (form_id, name) ON DELETE CASCADE
);

-- What remains of it once a clerk has settled the form: right or wrong. No form, no name of a field, no person, and a day
-- that many forms share.
CREATE TABLE calibration_case (
    -- Random, so that the order of forms cannot be told from it.
    id         uuid PRIMARY KEY,
    -- Random; fields of the same form share it.
    hand       uuid NOT NULL,
    model      text NOT NULL,
    risk_group text NOT NULL,
    kind       text NOT NULL,
    features   double precision[] NOT NULL,
    eligible   boolean NOT NULL,
    drawn      boolean NOT NULL,
    "right"    boolean NOT NULL,
    -- The first day of the month in which it was settled.
    month      date NOT NULL
);

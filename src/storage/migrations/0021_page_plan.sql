-- Pages that a person puts right, and the reading that follows: the rows of `page` are the plan that a reader keeps to.

-- Degrees clockwise by which the sheet is turned before it is laid on the form.
ALTER TABLE page ADD COLUMN turn smallint NOT NULL DEFAULT 0 CHECK (turn IN (0, 90, 180, 270));
-- Who said which page of which form it is; null where the reader found out.
ALTER TABLE page ADD COLUMN placed_by uuid REFERENCES account (id);
-- It waits to be read as that page of that form. Its form waits with it.
ALTER TABLE page ADD COLUMN unread boolean NOT NULL DEFAULT false;
-- Names and hashes of the weights it was read with; null for what was read before this was kept.
ALTER TABLE page ADD COLUMN model text;
ALTER TABLE page DROP CONSTRAINT page_check;
ALTER TABLE page ADD CONSTRAINT page_is_whole CHECK (
    (outcome = 'in_form') = (form_id IS NOT NULL AND form_page IS NOT NULL AND (homography IS NOT NULL OR unread))
    OR outcome = 'duplicate');
ALTER TABLE page ADD CONSTRAINT page_unread_in_form CHECK (NOT unread OR outcome = 'in_form');
CREATE INDEX page_of_any_form ON page (form_id) WHERE form_id IS NOT NULL;

-- A form whose unread pages a reader is asked for. Work bookkeeping as in document: attempts are counted before work
-- starts, and the broker only carries requests. A newer request takes the lease away from whoever has it.
CREATE TABLE form_reading (
    form_id         uuid PRIMARY KEY REFERENCES form (id),
    requested_at    timestamptz NOT NULL,
    requested_by    uuid REFERENCES account (id),
    attempts        integer NOT NULL DEFAULT 0,
    lease_holder    uuid,
    lease_until     timestamptz,
    next_attempt_at timestamptz NOT NULL,
    dispatched_at   timestamptz
);
CREATE INDEX form_reading_due ON form_reading (next_attempt_at);

-- What somebody did to the pages of a form, so that it can be undone. Both lists name pages of files and where they
-- were: [{"sheet", "outcome", "form", "page", "turn", "placed_by", "reason"}].
CREATE TABLE page_change (
    id         uuid PRIMARY KEY,
    form_id    uuid NOT NULL REFERENCES form (id),
    before     jsonb NOT NULL,
    after      jsonb NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by uuid NOT NULL REFERENCES account (id),
    undone_at  timestamptz,
    undone_by  uuid REFERENCES account (id),
    CHECK (num_nulls(undone_at, undone_by) IN (0, 2))
);
CREATE INDEX page_change_of_form ON page_change (form_id, changed_at) WHERE undone_at IS NULL;

-- The models that readers have started with; the latest start is the model in force.
CREATE TABLE reading_model (
    name       text PRIMARY KEY,
    started_at timestamptz NOT NULL
);

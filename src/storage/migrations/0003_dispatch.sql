-- When a document was last asked for; null once a reader has claimed it. Apart from next_attempt_at, which says from
-- when it may be read.
ALTER TABLE document ADD COLUMN dispatched_at timestamptz;

-- Set once the events of an ended run are deleted: its notebook is the record.
ALTER TABLE run ADD COLUMN events_trimmed_at timestamptz;
-- The same for the notebook as it was accepted: the run cannot be run again.
ALTER TABLE run ADD COLUMN snapshot_erased_at timestamptz;

-- What there is to trim, oldest first. Prepared runs are in none of these.
CREATE INDEX run_untrimmed ON run (finished_at) WHERE finished_at IS NOT NULL AND events_trimmed_at IS NULL;
CREATE INDEX run_unerased ON run (finished_at) WHERE finished_at IS NOT NULL AND snapshot_erased_at IS NULL;
CREATE INDEX run_hidden ON run (hidden_at) WHERE hidden_at IS NOT NULL;

-- The history by duration, in pages: with the id, runs that took equally long have an order too.
CREATE INDEX run_by_duration_and_id ON run (workspace, duration DESC, id DESC) WHERE duration IS NOT NULL;
-- Serves nothing that the new one does not.
DROP INDEX run_by_duration;

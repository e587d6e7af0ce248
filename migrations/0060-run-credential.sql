-- Keys to a workspace, for a run whose person has gone: sealed, for this run alone. Without a foreign key, because they
-- are there before the run is: no worker can have the run without them.
CREATE TABLE run_credential (
  run_id uuid PRIMARY KEY,
  -- AES-256-GCM; it begins with the id of the key.
  sealed bytea NOT NULL,
  expires_at timestamptz NOT NULL
);

-- Nothing of it outlives the run, whichever way that ends.
CREATE FUNCTION erase_run_credential() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM run_credential WHERE run_id = OLD.id;
  RETURN NULL;
END
$$;
CREATE TRIGGER run_ends AFTER UPDATE OF state ON run FOR EACH ROW
  WHEN (NEW.state IN ('succeeded', 'failed', 'cancelled') AND NEW.state <> OLD.state)
  EXECUTE FUNCTION erase_run_credential();
CREATE TRIGGER run_goes AFTER DELETE ON run FOR EACH ROW EXECUTE FUNCTION erase_run_credential();

-- The notebook of a run that could not be stored, until it is, and how the run would have ended.
CREATE TABLE kept_notebook (
  run_id uuid PRIMARY KEY REFERENCES run ON DELETE CASCADE,
  notebook bytea NOT NULL,
  state text NOT NULL CHECK (state IN ('succeeded', 'failed', 'cancelled')),
  reason text,
  message text,
  failed_cell integer
);

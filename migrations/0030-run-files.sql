-- Whether all files that a run left in its folder are in the list; unknown where nobody has looked.
ALTER TABLE run ADD COLUMN files_complete boolean;

-- The files that a run left in its folder.
CREATE TABLE run_file (
  run_id uuid NOT NULL REFERENCES run ON DELETE CASCADE,
  -- From the folder on, with / between its names.
  path text NOT NULL,
  -- Bytes.
  size bigint NOT NULL,
  media_type text NOT NULL,
  -- SHA-256, in hexadecimal digits; of what was copied only.
  digest text,
  -- Where the copy is.
  bucket text,
  key text,
  -- Why there is none: it is in the folder only.
  left_because text CHECK (left_because IN ('too-large', 'changed', 'unreadable', 'not-stored', 'name')),
  PRIMARY KEY (run_id, path)
);

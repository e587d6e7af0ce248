-- The values that a run has named (scrapbook's glue), in their order.
CREATE TABLE run_scrap (
  run_id uuid NOT NULL REFERENCES run ON DELETE CASCADE,
  place integer NOT NULL,
  name text NOT NULL,
  -- JSON, kept as it was written. None where it was too large: it is in the notebook only.
  value text,
  PRIMARY KEY (run_id, place)
);

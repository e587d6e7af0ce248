-- A small picture of the last picture in a run's notebook, made when the run ended. Beside the run's row, which many
-- statements read whole.
CREATE TABLE run_thumbnail (
  run_id uuid PRIMARY KEY REFERENCES run ON DELETE CASCADE,
  media_type text NOT NULL CHECK (media_type IN ('image/webp', 'image/jpeg')),
  image bytea NOT NULL
);
-- By which lists of runs know of it without looking.
ALTER TABLE run ADD COLUMN has_thumbnail boolean NOT NULL DEFAULT false;
-- Compressed already.
ALTER TABLE run_thumbnail ALTER COLUMN image SET STORAGE EXTERNAL;

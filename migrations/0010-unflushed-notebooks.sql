-- Prepared notebooks whose files may still be in the machine's memory only: what a loss of power takes from the disk is
-- put there again from here. Rows live for some seconds, until the disk has been flushed.
CREATE TABLE run_unflushed (
  run_id uuid PRIMARY KEY,
  -- The folder that the file is in: several services with folders of their own may share a database.
  place uuid NOT NULL,
  -- By which one statement takes away exactly what was there before a flush.
  written xid8 NOT NULL DEFAULT pg_current_xact_id(),
  notebook bytea NOT NULL
) WITH (
  -- A row is put in its page as it is: taking it apart and packing it would cost more than all the rest.
  toast_tuple_target = 8160
);

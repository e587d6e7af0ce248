-- The kernel of a run that failed is kept for a while; whoever ends it says so first, so that nobody takes it over then.
ALTER TABLE left_kernel
  ADD COLUMN ending boolean NOT NULL DEFAULT false,
  -- The run whose folder it works in: the first of those that have gone on in it.
  ADD COLUMN kernel_folder_of uuid;

ALTER TABLE run
  -- The cell at which it failed (index in the notebook): from there it can be run again.
  ADD COLUMN failed_cell integer,
  -- It goes on in the kernel of the run that it repeats, which works in the folder of this run.
  ADD COLUMN kernel_folder_of uuid;

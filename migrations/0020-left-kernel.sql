-- Kernels of runs that have ended, each until it is ended too. Without a foreign key: the kernel of a run that is deleted
-- has to be ended all the same.
CREATE TABLE left_kernel (
  run_id uuid PRIMARY KEY,
  kernel_host text NOT NULL,
  kernel_id text NOT NULL,
  -- The kernel's own: another one was started in its place, and knows nothing of the run.
  kernel_session text,
  owner_issuer text NOT NULL,
  owner_subject text NOT NULL,
  -- When it is to be ended.
  until timestamptz NOT NULL
);

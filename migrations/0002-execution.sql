-- A sweep: one notebook, its runs made together.
CREATE TABLE batch (
  -- UUIDv7.
  id uuid PRIMARY KEY,
  notebook_id text NOT NULL,
  workspace text NOT NULL,
  owner_issuer text NOT NULL,
  owner_subject text NOT NULL,
  owner_name text NOT NULL,
  -- Names of the inputs that differ between its runs.
  each text[] NOT NULL,
  -- How many runs it was accepted with, and of what: the same key must come with the same.
  total integer NOT NULL,
  digest bytea NOT NULL,
  idempotency_key text,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX batch_key ON batch (owner_issuer, owner_subject, idempotency_key)
  WHERE idempotency_key IS NOT NULL;

ALTER TABLE run
  -- Why it failed, and a sentence for the person.
  ADD COLUMN reason text CHECK (
    reason IN (
      'cell-error', 'kernel-died', 'out-of-memory', 'timeout', 'start-failed', 'storage-failed', 'outcome-unknown'
    )
  ),
  ADD COLUMN message text,
  -- The same key of the same person is the same run.
  ADD COLUMN idempotency_key text,
  ADD COLUMN batch_id uuid REFERENCES batch ON DELETE CASCADE,
  -- JSON object of numbers, fixed when the run was accepted.
  ADD COLUMN limits text NOT NULL DEFAULT '{}',
  -- Every write of a run carries the epoch it was claimed with; each claim and each end makes a new one.
  ADD COLUMN epoch integer NOT NULL DEFAULT 0,
  ADD COLUMN lease_until timestamptz,
  ADD COLUMN worker text,
  -- How often it was claimed, adoptions included.
  ADD COLUMN attempts integer NOT NULL DEFAULT 0,
  -- Where its kernel is, for whoever adopts it.
  ADD COLUMN kernel_host text,
  ADD COLUMN kernel_id text,
  ADD COLUMN client_id text,
  ADD COLUMN queued_at timestamptz,
  -- When a worker first claimed it.
  ADD COLUMN started_at timestamptz,
  ADD COLUMN finished_at timestamptz,
  -- Seconds from start to end.
  ADD COLUMN duration double precision GENERATED ALWAYS AS (extract(epoch FROM finished_at - started_at)) STORED,
  ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN cancel_requested_at timestamptz,
  -- A finished run that somebody took out of the history; its notebook stays in the workspace.
  ADD COLUMN hidden_at timestamptz,
  -- The run that this one repeats, and the index of the cell that it goes on from in that one's kernel.
  ADD COLUMN retry_of uuid REFERENCES run ON DELETE SET NULL,
  ADD COLUMN from_cell integer,
  -- Code cells done and to be done.
  ADD COLUMN cells_done integer,
  ADD COLUMN cells_total integer,
  -- Number of its newest event: they are numbered without gaps.
  ADD COLUMN last_event integer NOT NULL DEFAULT 0;

-- Room on the page for the many small updates of a run that goes (none of their columns is in an index).
ALTER TABLE run SET (fillfactor = 85);

CREATE UNIQUE INDEX run_key ON run (owner_issuer, owner_subject, idempotency_key)
  WHERE idempotency_key IS NOT NULL;
-- The line of each person in each workspace, and those that are being worked on: both short beside the history.
CREATE INDEX run_queue ON run (workspace, owner_issuer, owner_subject, queued_at, id) WHERE state = 'queued';
CREATE INDEX run_live ON run (workspace) WHERE state IN ('starting', 'running', 'saving');
CREATE INDEX run_batch ON run (batch_id, id) WHERE batch_id IS NOT NULL;
CREATE INDEX run_retry ON run (retry_of) WHERE retry_of IS NOT NULL;
-- The history of a workspace by one thing, newest first. By notebook it is read state by state, so that one index serves
-- both, however rare a state of that notebook is.
CREATE INDEX run_by_notebook ON run (workspace, notebook_id, state, created_at DESC, id DESC);
CREATE INDEX run_by_state ON run (workspace, state, created_at DESC, id DESC);
CREATE INDEX run_by_person ON run (workspace, owner_name, created_at DESC, id DESC);
CREATE INDEX run_by_duration ON run (workspace, duration) WHERE duration IS NOT NULL;
-- Who looks for the few longest of a million must not be given a plan for one in a hundred.
ALTER TABLE run ALTER COLUMN duration SET STATISTICS 1000;

-- The same by the value of a parameter. Found in the order of the history however rare or common the value is, which an
-- index over arrays is not. Without a foreign key, which would need an index of its own: who deletes a run deletes these.
CREATE TABLE run_parameter (
  -- A hash of workspace, name and value.
  key bigint NOT NULL,
  -- Those of the run.
  created_at timestamptz NOT NULL,
  run_id uuid NOT NULL,
  PRIMARY KEY (key, created_at, run_id)
);

-- The notebook as it was accepted: what runs.
CREATE TABLE run_snapshot (
  run_id uuid PRIMARY KEY REFERENCES run ON DELETE CASCADE,
  notebook bytea NOT NULL
);

-- What was sent to the kernel, recorded before it was sent, so that another worker can go on.
CREATE TABLE run_cell (
  run_id uuid NOT NULL REFERENCES run ON DELETE CASCADE,
  -- Index in the notebook.
  cell integer NOT NULL,
  message_id text NOT NULL,
  state text NOT NULL DEFAULT 'sent' CHECK (state IN ('sent', 'completed', 'failed')),
  sent_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  seconds double precision,
  PRIMARY KEY (run_id, cell)
);

-- What is told of a run while it goes. Only ever added to, under the lock of the run's row.
CREATE TABLE run_event (
  run_id uuid NOT NULL REFERENCES run ON DELETE CASCADE,
  -- From 1, without gaps.
  number integer NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  type text NOT NULL,
  -- The whole event as JSON, numbers as they were written.
  data text NOT NULL,
  PRIMARY KEY (run_id, number)
);

-- When each person was last served in each workspace, so that all have their turn.
CREATE TABLE run_turn (
  workspace text NOT NULL,
  owner_issuer text NOT NULL,
  owner_subject text NOT NULL,
  served_at timestamptz NOT NULL,
  PRIMARY KEY (workspace, owner_issuer, owner_subject)
);

-- The workers that say that they are there.
CREATE TABLE run_worker (
  id text PRIMARY KEY,
  seen_at timestamptz NOT NULL
);

-- How long the cells of a notebook took before, for the estimate: recent runs weigh more.
CREATE TABLE cell_time (
  notebook_id text NOT NULL,
  -- Empty where the template's source has no version.
  notebook_version text NOT NULL,
  cell integer NOT NULL,
  seconds double precision NOT NULL,
  PRIMARY KEY (notebook_id, notebook_version, cell)
);

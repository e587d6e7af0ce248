-- A run of a notebook. Prepared notebooks are runs too, so that history has one table.
CREATE TABLE run (
  -- UUIDv7; the `outputId` of the view links.
  id uuid PRIMARY KEY,
  state text NOT NULL CHECK (
    state IN ('prepared', 'queued', 'starting', 'running', 'saving', 'succeeded', 'failed', 'cancelled')
  ),
  notebook_id text NOT NULL,
  -- Of the template that was filled in.
  notebook_version text,
  workspace text NOT NULL,
  -- Who owns it is decided by issuer and subject; the name is only shown.
  owner_issuer text NOT NULL,
  owner_subject text NOT NULL,
  owner_name text NOT NULL,
  -- JSON, kept as it was written: 1 and 1.0 stay apart, names keep their order, and nothing is looked up inside.
  parameters text NOT NULL,
  kernel_name text,
  -- Exactly where the notebook is stored. Looked up, never made again from other columns.
  bucket text NOT NULL,
  key text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- The history of a workspace, newest first.
CREATE INDEX run_history ON run (workspace, created_at DESC, id DESC);

-- Sign-ins under way: each is good for one callback, in the browser that began it.
CREATE TABLE sign_in (
  -- SHA-256 of `state`.
  id bytea PRIMARY KEY,
  -- SHA-256 of the browser's cookie.
  browser bytea NOT NULL,
  -- Nonce, PKCE verifier and the link to come back to.
  sealed bytea NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX sign_in_expiry ON sign_in (expires_at);

-- Sessions of browsers. Tokens are too large for a cookie, which holds the key of its row instead.
CREATE TABLE browser_session (
  -- SHA-256 of the cookie.
  id bytea PRIMARY KEY,
  -- By which the issuer ends sessions.
  issuer text NOT NULL,
  subject text NOT NULL,
  sid text,
  -- The tokens, which only the cookie together with SESSION_SECRET opens.
  sealed bytea NOT NULL,
  -- Counts the renewals of the tokens.
  generation integer NOT NULL DEFAULT 0,
  -- Somebody is renewing them: a refresh token is good for once.
  renewing_until timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX browser_session_subject ON browser_session (issuer, subject);
CREATE INDEX browser_session_expiry ON browser_session (expires_at);

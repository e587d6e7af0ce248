/** What a check can find wrong, by its code: why that is so, and what to do. docs/troubleshooting.md is made of it. */
export const FAULTS = {
  'settings-wrong': {
    why: 'A setting is missing, misspelt or does not go with another one. The service would not start.',
    todo: 'Set what each line names; `notebook-runner config` shows what is in force and where it came from.',
  },
  'data-folder': {
    why: 'The data folder cannot be made or written to.',
    todo: 'Set DATA_DIR to a folder that the user of the service may write to, or change its owner.',
  },
  'name-unknown': {
    why: 'The name of a host is not known to the DNS that this machine asks.',
    todo: 'Check the spelling in the setting that is named, the DNS of this machine, and that a network policy lets port 53 through.',
  },
  'port-closed': {
    why: 'The host is there, and nothing takes connections at that port, or something on the way drops them.',
    todo: 'Check that the part runs, the port in the setting that is named, and network policies and firewalls between here and there.',
  },
  'port-taken': {
    why: 'Something else listens where the service is to listen.',
    todo: 'Stop it, or set the setting that is named to a free port.',
  },
  'no-answer': {
    why: 'It takes connections, and does not answer as HTTP, or its certificate is not accepted.',
    todo: 'Check that the address begins with the right one of http and https, and that this machine knows the authority of the certificate (NODE_EXTRA_CA_CERTS).',
  },
  'issuer-no-discovery': {
    why: 'The issuer has no discovery document below its address.',
    todo: 'Set OIDC_ISSUER to the address of the realm, exactly as tokens name it in `iss`.',
  },
  'issuer-differs': {
    why: 'The discovery document is of another issuer, so every token would be refused.',
    todo: 'Set OIDC_ISSUER to the address that the document names, to the letter: a slash at its end counts.',
  },
  'keys-unusable': {
    why: 'The keys of the issuer cannot be read, or none of them can check a token.',
    todo: 'Check that `jwks_uri` of the discovery document is on the origin of the issuer and lists public RSA or EC keys with a `kid`.',
  },
  'token-refused': {
    why: 'The token that was given to the check is not accepted.',
    todo: 'Get a new one; where its audience or issuer is what is wrong, set OIDC_AUDIENCE and OIDC_ISSUER; with IDENTITY=hub, give people the scope `access:services!service=notebook-runner` by a role of the hub.',
  },
  'catalogue-away': {
    why: 'The catalogue cannot be read.',
    todo: 'Check CONFIG_URL; `notebook-runner validate` with that address says more.',
  },
  'catalogue-broken': {
    why: 'Entries of the catalogue cannot be used. The others work.',
    todo: 'Correct the entries that are named; `notebook-runner validate --notebooks` also reads their notebooks.',
  },
  'keys-missing': {
    why: 'The service has no AWS credentials, or S3 does not accept them.',
    todo: 'Give the service credentials by AWS_* or by the role of its machine or service account.',
  },
  'role-refused': {
    why: 'The role of a workspace does not exist, or does not trust this service (or the person).',
    todo: 'Make the role that is named, or allow the service sts:AssumeRole on it, in its trust policy too; check SINGLEUSER_AWS_ROLE_ARN.',
  },
  'bucket-missing': {
    why: 'There is no such bucket.',
    todo: 'Make the bucket that is named, or correct SINGLEUSER_WORKSPACE_BUCKET.',
  },
  'action-denied': {
    why: 'The role may not do in the bucket what the service needs.',
    todo: 'Allow the role the action that is named on the bucket and what is in it: s3:PutObject, s3:GetObject and s3:DeleteObject are needed.',
  },
  'storage-away': {
    why: 'The storage did not do what was asked, for the reason that is named.',
    todo: 'Check S3_ENDPOINT, STS_ENDPOINT and SINGLEUSER_AWS_REGION, and the state of the storage.',
  },
  'hub-token': {
    why: 'JupyterHub does not accept the token of the service.',
    todo: 'Set JUPYTERHUB_API_TOKEN to the `api_token` of the service in the settings of the hub.',
  },
  'hub-scope': {
    why: 'JupyterHub does not give the service what it needs.',
    todo: 'Give the role of the service the scopes that are named (`c.JupyterHub.load_roles`).',
  },
  'hub-service': {
    why: 'JupyterHub has no service of that name that people can sign in to, or its token is another one.',
    todo: 'Give the service `oauth_redirect_uri` in the settings of the hub, and set JUPYTERHUB_SERVICE to its name and JUPYTERHUB_API_TOKEN to its `api_token`.',
  },
  'hub-away': {
    why: 'What answers at the address of the hub is no JupyterHub API.',
    todo: 'Check JUPYTERHUB_API_URL: it ends with /hub/api, below the path of the hub.',
  },
  'kernels-away': {
    why: 'There is nothing to run notebooks with.',
    todo: 'Check JUPYTER_SERVER_URL and JUPYTER_SERVER_TOKEN; with KERNELS=local run `npm start` once, which installs the kernels.',
  },
  'database-login': {
    why: 'PostgreSQL does not let the service in.',
    todo: 'Check user, password and database in DATABASE_URL.',
  },
  'database-away': {
    why: 'PostgreSQL does not answer.',
    todo: 'Check DATABASE_URL, and that PostgreSQL runs.',
  },
  'database-old': {
    why: 'PostgreSQL is older than the oldest version that is supported.',
    todo: 'Use a newer PostgreSQL.',
  },
  'database-schema': {
    why: 'The tables are not those of this version.',
    todo: 'Run `notebook-runner migrate`; where the database had other migrations, use the version that made it.',
  },
  'clock-skew': {
    why: 'The clock of this machine, or of the part that is named, is wrong: tokens and signed requests are refused.',
    todo: 'Set both by NTP. Tokens may be off by 30 seconds, requests to S3 by 15 minutes.',
  },
} as const satisfies Record<string, { why: string; todo: string }>

export type FaultCode = keyof typeof FAULTS

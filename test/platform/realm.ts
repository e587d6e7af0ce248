/** Whoever may sign in, and into which workspaces. */
export interface Person {
  readonly name: string
  readonly password: string
  readonly workspaces: readonly string[]
}

export interface RealmOptions {
  readonly name: string
  readonly people: readonly Person[]
  /** Address of the service, without a slash at its end. */
  readonly runnerUrl: string
  readonly hub: { readonly clientId: string; readonly clientSecret: string; readonly callbackUrl: string }
}

/** A realm as the first design has it: workspaces are an attribute of a person, and a claim of the tokens. */
export function realm({ name, people, runnerUrl, hub }: RealmOptions) {
  return {
    realm: name,
    enabled: true,
    sslRequired: 'none',
    components: {
      'org.keycloak.userprofile.UserProfileProvider': [
        {
          providerId: 'declarative-user-profile',
          config: { 'kc.user.profile.config': [JSON.stringify({ attributes: PROFILE })] },
        },
      ],
    },
    clients: [
      {
        clientId: 'notebook-runner',
        publicClient: true,
        standardFlowEnabled: true,
        redirectUris: [`${runnerUrl}/auth/callback`],
        attributes: {
          'pkce.code.challenge.method': 'S256',
          'post.logout.redirect.uris': `${runnerUrl}/auth/logout`,
          'backchannel.logout.url': `${runnerUrl}/auth/backchannel-logout`,
          'backchannel.logout.session.required': 'true',
          'oauth2.device.authorization.grant.enabled': 'true',
        },
        protocolMappers: [AUDIENCE, WORKSPACES],
      },
      {
        clientId: 'programs',
        publicClient: true,
        standardFlowEnabled: false,
        directAccessGrantsEnabled: true,
        protocolMappers: [AUDIENCE, WORKSPACES],
      },
      {
        clientId: hub.clientId,
        secret: hub.clientSecret,
        standardFlowEnabled: true,
        redirectUris: [hub.callbackUrl],
        attributes: { 'pkce.code.challenge.method': 'S256' },
        protocolMappers: [WORKSPACES],
      },
    ],
    users: people.map(({ password, workspaces, ...person }) => ({
      username: person.name,
      enabled: true,
      email: `${person.name}@example.org`,
      emailVerified: true,
      firstName: person.name,
      lastName: 'Example',
      attributes: { workspaces },
      credentials: [{ type: 'password', value: password, temporary: false }],
    })),
  }
}

const own = { view: ['admin', 'user'], edit: ['admin', 'user'] }

/** An attribute that is not declared here is dropped without a word. */
const PROFILE = [
  { name: 'username', permissions: own },
  { name: 'email', permissions: own },
  { name: 'firstName', permissions: own },
  { name: 'lastName', permissions: own },
  { name: 'workspaces', permissions: { view: ['admin'], edit: ['admin'] }, multivalued: true },
]

const AUDIENCE = {
  name: 'audience',
  protocol: 'openid-connect',
  protocolMapper: 'oidc-audience-mapper',
  config: { 'included.custom.audience': 'eodhp', 'access.token.claim': 'true' },
}

const WORKSPACES = {
  name: 'workspaces',
  protocol: 'openid-connect',
  protocolMapper: 'oidc-usermodel-attribute-mapper',
  config: {
    'user.attribute': 'workspaces',
    'claim.name': 'workspaces',
    'jsonType.label': 'String',
    multivalued: 'true',
    'access.token.claim': 'true',
    'userinfo.token.claim': 'true',
  },
}

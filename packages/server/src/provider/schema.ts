import type { BetterAuthPluginDBSchema } from '@better-auth/core/db'

const text = { type: 'string', required: false } as const
const needed = { type: 'string', required: true } as const
const list = { type: 'string[]', required: false } as const
const flag = { type: 'boolean', required: false } as const
const off = { type: 'boolean', required: false, defaultValue: false } as const
const count = { type: 'number', required: false } as const
const json = { type: 'json', required: false } as const
const time = { type: 'date', required: false } as const
const stamp = { type: 'date', required: true } as const

const ofClient = {
  type: 'string',
  required: true,
  references: { model: 'oauthClient', field: 'clientId', onDelete: 'cascade' },
  index: true,
} as const
const ofPerson = {
  type: 'string',
  required: false,
  references: { model: 'user', field: 'id', onDelete: 'cascade' },
  index: true,
} as const
const ofGrant = {
  type: 'string',
  required: false,
  references: { model: 'oauthGrant', field: 'id', onDelete: 'cascade' },
  index: true,
} as const

/**
 * The tables of the provider: those of `@better-auth/oauth-provider` with every column it knows, and
 * what families, device codes, logout and statistics need besides.
 */
export const providerSchema = {
  /** How the person signed in: methods of RFC 8176, with spaces between them. */
  session: { fields: { amr: { type: 'string', required: false, input: false } } },
  oauthClient: {
    fields: {
      clientId: { ...needed, unique: true },
      clientSecret: text,
      clientDiscoveryId: text,
      disabled: off,
      skipConsent: flag,
      enableEndSession: flag,
      subjectType: text,
      scopes: list,
      clientCredentialsScopes: list,
      userId: ofPerson,
      createdAt: time,
      updatedAt: time,
      name: text,
      uri: text,
      icon: text,
      contacts: list,
      tos: text,
      policy: text,
      softwareId: text,
      softwareVersion: text,
      softwareStatement: text,
      redirectUris: { type: 'string[]', required: true },
      postLogoutRedirectUris: list,
      backchannelLogoutUri: text,
      backchannelLogoutSessionRequired: flag,
      tokenEndpointAuthMethod: text,
      applicationType: text,
      jwks: text,
      jwksUri: text,
      grantTypes: list,
      responseTypes: list,
      requirePKCE: flag,
      dpopBoundAccessTokens: off,
      /** The organization it belongs to. */
      referenceId: { ...text, index: true },
      metadata: json,
      // Ours.
      description: text,
      registration: { ...needed, defaultValue: 'manual' },
      /** SHA-256 of a dynamic registration: the same one again finds its client. */
      registrationHash: { ...text, unique: true },
      previousSecret: text,
      previousSecretExpiresAt: time,
      defaultScopes: list,
      /** In seconds. */
      accessTokenLifetime: count,
      refreshTokenLifetime: count,
      allowedUsers: list,
      lastUsedAt: time,
      /** Until when a metadata document counts without being fetched again. */
      documentExpiresAt: time,
      /** What people relied on in a metadata document when they consented. */
      documentPin: text,
    },
  },
  oauthResource: {
    fields: {
      identifier: { ...needed, unique: true },
      name: needed,
      accessTokenTtl: count,
      refreshTokenTtl: count,
      signingAlgorithm: text,
      signingKeyId: text,
      allowedScopes: list,
      customClaims: json,
      dpopBoundAccessTokensRequired: off,
      disabled: off,
      createdAt: time,
      updatedAt: time,
      policyVersion: { ...count, defaultValue: 1 },
      metadata: json,
    },
  },
  oauthClientResource: {
    fields: {
      clientId: ofClient,
      resourceId: {
        type: 'string',
        required: true,
        references: { model: 'oauthResource', field: 'identifier', onDelete: 'cascade' },
        index: true,
      },
      metadata: json,
      createdAt: time,
    },
  },
  /** A family of tokens: one authorization of one client, by a person or by a chain of actors. */
  oauthGrant: {
    fields: {
      /** `code`, `device`, `ciba`, `exchange` or `jwt-bearer`. */
      kind: needed,
      /** SHA-256 of the code it came from: a code opens one family. */
      codeHash: { ...text, unique: true },
      clientId: ofClient,
      userId: ofPerson,
      sessionId: { ...text, index: true },
      /** The organization the person chose. */
      referenceId: text,
      scopes: { type: 'string[]', required: true },
      resources: list,
      requestedUserInfoClaims: list,
      authTime: time,
      acr: text,
      amr: list,
      /** The `act` claim (RFC 8693 section 4.1): who acts for the person, nested. */
      actor: json,
      /** Whether it outlives the session. */
      offline: off,
      /** The grant it was exchanged from: it ends with it. */
      parentId: ofGrant,
      createdAt: stamp,
      expiresAt: stamp,
      revokedAt: time,
    },
  },
  oauthRefreshToken: {
    fields: {
      token: { ...needed, unique: true },
      clientId: needed,
      sessionId: text,
      userId: text,
      referenceId: text,
      /** Its family: that of its client and its person, and it ends with them. */
      authorizationCodeId: ofGrant,
      resources: list,
      requestedUserInfoClaims: list,
      expiresAt: stamp,
      createdAt: stamp,
      revoked: time,
      rotatedAt: time,
      rotationReplayResponse: text,
      rotationReplayExpiresAt: time,
      authTime: time,
      confirmation: json,
      scopes: { type: 'string[]', required: true },
    },
  },
  oauthAccessToken: {
    fields: {
      token: { ...needed, unique: true },
      clientId: ofClient,
      sessionId: text,
      userId: { ...text, index: true },
      referenceId: text,
      /** Its family; absent for a client that acts for itself. */
      authorizationCodeId: ofGrant,
      resources: list,
      requestedUserInfoClaims: list,
      refreshId: text,
      expiresAt: { ...stamp, index: true },
      createdAt: stamp,
      revoked: time,
      confirmation: json,
      scopes: { type: 'string[]', required: true },
    },
  },
  oauthConsent: {
    fields: {
      clientId: ofClient,
      userId: ofPerson,
      referenceId: text,
      resources: list,
      requestedUserInfoClaims: list,
      scopes: { type: 'string[]', required: true },
      createdAt: stamp,
      updatedAt: stamp,
    },
  },
  /** Ids that count once: of client assertions, DPoP proofs and other JWTs. The row's id is their digest. */
  oauthClientAssertion: { fields: { expiresAt: { ...stamp, index: true } } },
  /** A request that a person answers elsewhere: a device code (RFC 8628) or a CIBA request. */
  oauthPendingAuthorization: {
    fields: {
      /** `device` or `ciba`. */
      kind: needed,
      /** SHA-256 of the device code or `auth_req_id`. */
      secretHash: { ...needed, unique: true },
      userCodeHash: { ...text, unique: true },
      clientId: ofClient,
      userId: ofPerson,
      sessionId: text,
      referenceId: text,
      scopes: { type: 'string[]', required: true },
      resources: list,
      bindingMessage: text,
      /** The classes of sign-in that were asked for, with spaces between them. */
      acrValues: text,
      /** How the person who answered was signed in, as the session has it. */
      amr: text,
      /** `pending`, `approved`, `denied` or `used`. */
      status: needed,
      /** Seconds between polls; grows when the client is too fast. */
      interval: { type: 'number', required: true },
      nextPollAt: stamp,
      authTime: time,
      confirmation: json,
      /** `ping` sends this, encrypted, to the client's notification endpoint. */
      notificationToken: text,
      createdAt: stamp,
      expiresAt: { ...stamp, index: true },
    },
  },
  /** Logout tokens that relying parties did not confirm yet. */
  oauthLogoutDelivery: {
    fields: {
      clientId: ofClient,
      subject: needed,
      sessionId: text,
      attempts: { type: 'number', required: true, defaultValue: 0 },
      nextAttemptAt: { ...stamp, index: true },
      createdAt: stamp,
      lastError: text,
    },
  },
  /** How often a client got tokens on a day, by person; the id is made of the three. */
  oauthActivity: {
    fields: {
      clientId: ofClient,
      userId: ofPerson,
      /** `YYYY-MM-DD`, UTC. */
      day: needed,
      total: { type: 'number', required: true, defaultValue: 0 },
    },
  },
} satisfies BetterAuthPluginDBSchema

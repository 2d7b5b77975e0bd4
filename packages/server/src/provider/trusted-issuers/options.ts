/** Somebody else whose JWTs are exchanged for tokens of ours: workloads, or another authority. */
export interface TrustedIssuer {
  /** Exact `iss`. */
  readonly issuer: string
  /** Where its keys stand. @default found by its discovery document */
  readonly jwksUri?: string | undefined
  /** The keys themselves, where the issuer cannot be reached from here. */
  readonly jwks?: { readonly keys: readonly Readonly<Record<string, unknown>>[] } | undefined
  /** What it may sign with. @default RSA, ECDSA and Ed25519 */
  readonly algorithms?: readonly string[] | undefined
  /** The exact `aud` its workloads must name. @default this server's issuer */
  readonly audience?: string | undefined
  /** Which subjects may act as which client, with which scopes at most. */
  readonly subjects?: readonly {
    /** Exact subject; `*` stands for characters other than `:` and `/`, `**` for any. */
    readonly subject: string
    readonly clientId: string
    readonly scopes?: readonly string[] | undefined
  }[]
  /** Whether its ID-JAGs for people are accepted; its `sub` or e-mail must be linked here. @default false */
  readonly identityAssertions?: boolean | undefined
  /** Under which `providerId` people's accounts name it. @default the host of the issuer */
  readonly accountProvider?: string | undefined
  /** Whether a confirmed e-mail address finds a person whose account is not linked. @default false */
  readonly trustEmail?: boolean | undefined
}

/** Another authority that clients get ID-JAGs for, so that it lets them act for a person. */
export interface AssertionAudience {
  /** Its exact issuer: the `aud` of the ID-JAG. */
  readonly issuer: string
  /** Which clients may ask, and the client id that each has there. */
  readonly clients: Readonly<Record<string, string>>
  /** Its scopes that they may ask for. @default none */
  readonly scopes?: readonly string[] | undefined
  /** Its resources that they may ask for. @default none */
  readonly resources?: readonly string[] | undefined
}

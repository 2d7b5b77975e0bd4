import { isStorableJson } from '@countersign/protocol'
import * as z from 'zod'
import { ACR_VALUES } from '../interaction/acr.ts'
import { OAuthError } from '../oauth-error.ts'

const members = z.record(z.string(), z.unknown())
const claimsForm = z.looseObject({
  userinfo: members.nullish(),
  id_token: members.nullish(),
})
const acrForm = z.looseObject({
  essential: z.literal(true),
  value: z.string().optional(),
  values: z.array(z.string()).optional(),
})

/** The `claims` parameter without what it says about `acr`. */
export interface Claims {
  /** JSON; undefined when nothing else was asked for. */
  readonly rest: string | undefined
  /** The classes of sign-in of which one is a must; undefined when none is. */
  readonly essential: readonly string[] | undefined
}

/**
 * Takes an essential `acr` out of the `claims` parameter (OpenID Connect Core section 5.5.1.1).
 *
 * Throws `unmet_authentication_requirements` for classes that nobody reaches here.
 */
export function withoutAcr(text: string | undefined): Claims {
  if (text === undefined) return { rest: undefined, essential: undefined }
  const claims = parseClaims(text)
  const { acr, ...idToken } = claims.id_token ?? {}
  const { data: demand } = acrForm.safeParse(acr)
  const { id_token: _, ...others } = claims
  const rest = JSON.stringify({
    ...others,
    ...(Object.keys(idToken).length > 0 && { id_token: idToken }),
  })
  const named = demand?.values ?? (demand?.value === undefined ? undefined : [demand.value])
  if (named === undefined) return { rest, essential: undefined }
  const essential = named.filter((value) => ACR_VALUES.includes(value))
  if (essential.length === 0) {
    throw new OAuthError(
      'unmet_authentication_requirements',
      'This server knows none of the classes of sign-in that are asked for.',
    )
  }
  return { rest, essential }
}

function parseClaims(text: string): z.infer<typeof claimsForm> {
  try {
    const claims: unknown = JSON.parse(text)
    const { data } = claimsForm.safeParse(claims)
    // Their names are stored with what is granted; JSON escapes what no database takes.
    if (data && isStorableJson(claims)) return data
  } catch {
    // Not JSON: refused below.
  }
  throw new OAuthError('invalid_request', '`claims` must be a JSON object of claims.')
}

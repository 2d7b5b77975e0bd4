import { failed, passed, warning } from '../check.ts'
import type { Check } from '../check.ts'
import { contentOf } from '../documents.ts'
import type { FoundDocument } from '../documents.ts'
import type { Findings } from '../findings.ts'
import { jsonOf } from '../probe.ts'
import { outcomeOf } from './words.ts'

/** Whether every metadata document is there, is JSON and says what clients need. */
export function checkDocuments({ documents }: Findings): Check[] {
  return documents.map(checkDocument)
}

function checkDocument(found: FoundDocument): Check {
  const { place, answer } = found
  const { url } = answer
  if (answer.status === 404 && place.absence !== 'failed') return absent(found)
  if (answer.status !== 200) {
    return failed(place.id, {
      message: `The document is missing: ${outcomeOf(answer)}.`,
      advice: adviceFor(found),
      url,
    })
  }
  const content = contentOf(found)
  if (content === undefined) {
    return failed(place.id, {
      message: 'The document is not JSON.',
      advice:
        'A page or another server answers here: let the proxy pass /.well-known to Countersign.',
      url,
    })
  }
  if (!/\bjson\b/.test(answer.headers['content-type'] ?? '')) {
    return failed(place.id, {
      message: 'The document is not labelled as JSON.',
      advice: 'Answer with content-type: application/json.',
      url,
    })
  }
  if (place.kind === 'resource' && !isAbout(content['resource'], url)) {
    return failed(place.id, {
      message: 'The document is about another resource than its address says.',
      advice: 'Configure the resource with the address its clients use (RFC 9728 section 3.3).',
      url,
    })
  }
  const lacks = missingMembers(place.kind, content)
  if (lacks.length === 0) return passed(place.id, { message: 'The document is complete.', url })
  return failed(place.id, {
    message: `The document lacks ${lacks.join(', ')}.`,
    advice: 'Let nothing rewrite the document, and update the server.',
    url,
  })
}

function absent({ place, answer: { url } }: FoundDocument): Check {
  if (place.absence === 'choice') return passed(place.id, { message: 'Not offered.', url })
  return warning(place.id, {
    message: 'The document is missing here, where some clients look for it.',
    advice: 'Let the proxy pass all of /.well-known and /api/auth to Countersign.',
    url,
  })
}

function adviceFor({ place, answer }: FoundDocument): string {
  if (answer.status === 503) {
    return 'The database is away or lacks a migration: run countersign migrate --check where the server runs.'
  }
  if (answer.headers['location'] !== undefined) {
    return 'Clients follow no redirect here: serve the document at this very address.'
  }
  return place.kind === 'oauth' || place.kind === 'openid'
    ? 'Turn the provider on (createAuth({ provider: {} })), and let the proxy pass /.well-known to it.'
    : 'Let the proxy pass /.well-known to the server that hosts it.'
}

const required: Readonly<Record<FoundDocument['place']['kind'], readonly string[]>> = {
  oauth: [
    'issuer',
    'authorization_endpoint',
    'token_endpoint',
    'jwks_uri',
    'response_types_supported',
  ],
  openid: [
    'issuer',
    'authorization_endpoint',
    'token_endpoint',
    'jwks_uri',
    'response_types_supported',
    'subject_types_supported',
    'id_token_signing_alg_values_supported',
  ],
  agent: ['issuer', 'endpoints'],
  resource: ['resource', 'authorization_servers'],
}

/**
 * Whether a resource is the one whose metadata stands at this address. MCP clients take the one at the
 * root for any resource of the origin.
 */
function isAbout(resource: unknown, url: string): boolean {
  const named =
    typeof resource === 'string' && URL.canParse(resource) ? new URL(resource) : undefined
  const path = new URL(url).pathname.replace('/.well-known/oauth-protected-resource', '')
  return path === '' || named?.pathname.replace(/\/$/, '') === path
}

function missingMembers(
  kind: FoundDocument['place']['kind'],
  content: Readonly<Record<string, unknown>>,
): string[] {
  const lacks = required[kind].filter((name) => content[name] === undefined)
  if (kind !== 'oauth' && kind !== 'openid') return lacks
  const methods = content['code_challenge_methods_supported']
  const hasPkce = Array.isArray(methods) && methods.includes('S256')
  return hasPkce ? lacks : [...lacks, 'code_challenge_methods_supported with S256']
}

/** Whether the addresses of one kind of document all say the same. */
export function checkAgreement({ documents }: Findings): Check[] {
  return (['oauth', 'openid', 'agent'] as const).flatMap((kind) => {
    const present = documents.filter(
      (found) => found.place.kind === kind && contentOf(found) !== undefined,
    )
    const [first, ...others] = present
    const different = others.find(
      (other) => canonical(jsonOf(other.answer)) !== canonical(first && jsonOf(first.answer)),
    )
    if (!first || !different) return []
    return [
      failed(`${first.place.id}-agreement`, {
        message: `${different.place.path} says something else than ${first.place.path}.`,
        advice:
          'Two servers or versions answer, or a cache is old: let all paths reach the same one.',
        url: different.answer.url,
      }),
    ]
  })
}

/** JSON with members in one order, however deep. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )
}

import { AgentClientError, ProtocolError } from '@countersign/agent'
import type { Approval, CapabilityGrant } from '@countersign/agent'
import { AccountError } from './account/account-error.ts'
import { UsageError } from './usage-error.ts'

/** One line of JSON. Characters that could steer a terminal are escaped. */
export function jsonLine(value: unknown): string {
  return escapeControls(JSON.stringify(value))
}

/** JSON for people: indented, and just as harmless. */
export function prettyJson(value: unknown): string {
  return escapeControls(JSON.stringify(value, null, 2) ?? 'null')
}

/** Text of somebody else on one line, without characters that could steer a terminal. */
export function plain(text: string): string {
  return text.replaceAll(/\s+/gu, ' ').replaceAll(/\p{C}/gu, '').trim()
}

/** An error for programs. */
export function errorValue(error: unknown): unknown {
  const known = [AccountError, UsageError, AgentClientError, ProtocolError].some(
    (kind) => error instanceof kind,
  )
  if (known) return error
  return {
    error: 'internal_error',
    message: error instanceof Error ? error.message : String(error),
  }
}

/** An error for people: one sentence, and what else the server said. */
export function errorLines(error: unknown): string[] {
  const message =
    plain(error instanceof Error ? error.message : String(error)) + networkReason(error)
  if (!(error instanceof ProtocolError)) return [message]
  const own = error.details?.['server_error']
  const code = typeof own === 'string' ? plain(own) : error.code
  const next = advice.get(code)
  return [
    `${message} (${code})`,
    ...detailLines(error.details ?? {}),
    ...(next === undefined ? [] : [next]),
  ]
}

/** What to do next, where a command of this program is it. */
const advice: ReadonlyMap<string, string> = new Map([
  ['host_pending', 'See where to approve it with: countersign agent status <agent>'],
  ['agent_pending', 'See where to approve it with: countersign agent status <agent>'],
  ['agent_expired', 'Bring it back with: countersign agent reactivate <agent>'],
  [
    'capability_not_granted',
    'Ask for it with: countersign agent request <agent> --capabilities <name>',
  ],
])

function detailLines(details: Readonly<Record<string, unknown>>): string[] {
  const { violations, available_capabilities: available, invalid_capabilities: invalid } = details
  return [
    ...(Array.isArray(violations)
      ? violations.map((violation) => `Not allowed: ${jsonLine(violation)}`)
      : []),
    ...(Array.isArray(invalid) ? [`Unknown: ${plain(invalid.join(', '))}`] : []),
    ...(Array.isArray(available) ? [`Available: ${plain(available.join(', '))}`] : []),
  ]
}

/** One line for each grant. */
export function grantLines(grants: readonly CapabilityGrant[]): string[] {
  return grants.map(({ capability, status, constraints, reason }) => {
    const label = grantLabels[status] ?? plain(status)
    const scope =
      constraints && Object.keys(constraints).length > 0 ? ` (${scopeText(constraints)})` : ''
    const why = reason && status !== 'active' ? `: ${plain(reason)}` : ''
    return `${label} ${plain(capability)}${scope}${why}`
  })
}

const grantLabels: Readonly<Record<string, string>> = {
  active: 'Allowed:',
  pending: 'Waiting:',
  denied: 'Denied:',
  expired: 'Expired:',
  revoked: 'Revoked:',
}

function scopeText(constraints: Readonly<Record<string, unknown>>): string {
  const fields = Object.entries(constraints).map(([field, value]) => {
    if (typeof value !== 'object' || value === null) return `${field} is ${String(value)}`
    return Object.entries(value)
      .map(
        ([operator, bound]) => `${field} ${operatorText[operator] ?? operator} ${listText(bound)}`,
      )
      .join(', ')
  })
  return plain(fields.join(', '))
}

const operatorText: Readonly<Record<string, string>> = {
  max: 'at most',
  min: 'at least',
  in: 'one of',
  not_in: 'none of',
}

function listText(value: unknown): string {
  return Array.isArray(value) ? value.join(' | ') : String(value)
}

/** Where a person approves, and with which code. */
export function approvalLines(approval: Approval, issuer: string): string[] {
  const uri = approval.verification_uri_complete ?? approval.verification_uri
  const { user_code: code, binding_message: message } = approval
  const elsewhere = uri !== undefined && new URL(uri).origin !== new URL(issuer).origin
  return [
    uri === undefined
      ? 'The service asks you directly: look at your notifications.'
      : `Approve at: ${uri}`,
    ...(elsewhere ? [`Careful: that page is not on ${issuer}.`] : []),
    ...(code === undefined ? [] : [`Code: ${code}`]),
    ...(message === undefined ? [] : [`Message: ${plain(message)}`]),
  ]
}

function escapeControls(json: string): string {
  return json.replaceAll(
    /[\u007F-\u009F\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

const networkReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nothing listens there.',
  ENOTFOUND: 'The name is not known.',
  EAI_AGAIN: 'The name could not be looked up.',
  ECONNRESET: 'The connection was cut.',
  CERT_HAS_EXPIRED: 'Its certificate has expired.',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'Its certificate is not trusted.',
  SELF_SIGNED_CERT_IN_CHAIN: 'Its certificate is not trusted.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'Its certificate is not trusted.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'Its certificate is for another name.',
  ERR_SSL_WRONG_VERSION_NUMBER: 'It does not speak https.',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'It does not speak https.',
  ETIMEDOUT: 'It did not answer in time.',
  UND_ERR_CONNECT_TIMEOUT: 'It did not answer in time.',
  EHOSTUNREACH: 'There is no way to it from here.',
  ENETUNREACH: 'There is no way to it from here.',
}

/** Why a connection failed, from the chain of causes. */
function networkReason(error: unknown): string {
  const isNetwork =
    (error instanceof AgentClientError && error.code === 'unreachable') ||
    (error instanceof AccountError && error.kind === 'network')
  if (!isNetwork) return ''
  let cause: unknown = error.cause
  for (let depth = 0; depth < 5 && cause instanceof Error; depth += 1) {
    if (cause.name === 'TimeoutError') return ' It did not answer in time.'
    const reason = 'code' in cause ? networkReasons[String(cause.code)] : undefined
    if (reason !== undefined) return ` ${reason}`
    cause = cause.cause
  }
  return ''
}

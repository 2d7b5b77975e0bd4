import {
  lifetime,
  type CompleteKeyValueStorage,
  type KeyValueChange,
  type KeyValueResult,
  type KeyValueSetOptions,
} from './key-value.ts'

/** What is needed of a connected client of the package `redis`: one server, or a pool of clients. */
export interface RedisClient {
  sendCommand(command: string[]): Promise<unknown>
}

/** Compares and changes in one step: expected value, `delete` or `set`, new value, milliseconds or nothing. */
const script = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == 'delete' then redis.call('DEL', KEYS[1])
elseif ARGV[4] == '' then redis.call('SET', KEYS[1], ARGV[3])
else redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4]) end
return 1`

/**
 * Keeps values in Redis or Valkey, under `<namespace>:<key>`.
 *
 * Every verb is one command or one script. Give the server persistence and no eviction
 * (`maxmemory-policy noeviction`): an evicted record is a person who has to sign in again.
 */
export class RedisKeyValue implements CompleteKeyValueStorage {
  readonly #client: RedisClient

  constructor(client: RedisClient) {
    this.#client = client
  }

  /** Returns the value, unless it has expired. */
  async get(namespace: string, key: string): Promise<KeyValueResult> {
    const value = await this.#client.sendCommand(['GET', nameOf(namespace, key)])
    return value === null ? { exists: false } : { exists: true, data: toText(value) }
  }

  /** Writes a value, whatever stood there. */
  async set(
    namespace: string,
    key: string,
    value: string,
    options?: KeyValueSetOptions,
  ): Promise<void> {
    const command = ['SET', nameOf(namespace, key), value, ...expiry(lifetime(options))]
    await this.#client.sendCommand(command)
  }

  /** Removes a value. */
  async delete(namespace: string, key: string): Promise<void> {
    await this.#client.sendCommand(['DEL', nameOf(namespace, key)])
  }

  /** Changes a value if the expected one stands there. */
  async compareAndSet(namespace: string, key: string, change: KeyValueChange): Promise<boolean> {
    const name = nameOf(namespace, key)
    const milliseconds = lifetime(change)
    if (change.expected === null) {
      const command = ['SET', name, change.value, 'NX', ...expiry(milliseconds)]
      return (await this.#client.sendCommand(command)) !== null
    }
    const then =
      change.value === null ? ['delete'] : ['set', change.value, String(milliseconds ?? '')]
    const command = ['EVAL', script, '1', name, change.expected, ...then]
    return Number(await this.#client.sendCommand(command)) === 1
  }

  /**
   * Lists the keys that start with a prefix, without blocking the server.
   *
   * @yields Keys in no order; one may come twice.
   */
  async *keys(namespace: string, prefix: string): AsyncIterable<string> {
    const start = nameOf(namespace, '')
    const pattern = `${literally(start + prefix)}*`
    let cursor = '0'
    do {
      const command = ['SCAN', cursor, 'MATCH', pattern, 'COUNT', '500']
      const answer = await this.#client.sendCommand(command)
      const [next, names] = answer as [unknown, unknown[]]
      for (const name of names) yield toText(name).slice(start.length)
      cursor = toText(next)
    } while (cursor !== '0')
  }
}

/** A client may be set up to answer with bytes. */
function toText(reply: unknown): string {
  if (reply instanceof Uint8Array) return new TextDecoder().decode(reply)
  return typeof reply === 'string' ? reply : ''
}

/** The namespace is encoded: the first colon ends it. */
function nameOf(namespace: string, key: string): string {
  return `${encodeURIComponent(namespace)}:${key}`
}

function expiry(milliseconds: number | null): string[] {
  return milliseconds === null ? [] : ['PX', String(milliseconds)]
}

/** Takes their meaning from the wildcards of a pattern. */
function literally(text: string): string {
  return text.replaceAll(/[\\*?[\]^-]/g, String.raw`\$&`)
}

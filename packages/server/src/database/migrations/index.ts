import { initial } from './0001-initial.ts'
import { provider } from './0002-provider.ts'

/** One step of the schema. Once released it never changes: a change is a new step. */
export interface Migration {
  readonly name: string
  readonly sql: string
  /** What the embedded database needs besides. */
  readonly embedded?: string
}

/** Every step, oldest first. Adding one: new file here, new line below. */
export const migrations: readonly Migration[] = [initial, provider]

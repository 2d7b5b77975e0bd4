export { KeyValueClient } from './memory.ts'
export type {
  AtomicKeyValueStorage,
  CompleteKeyValueStorage,
  KeyValueChange,
  KeyValueResult,
  KeyValueSetOptions,
  KeyValueStorage,
} from './key-value.ts'

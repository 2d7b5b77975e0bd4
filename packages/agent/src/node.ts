export { encryptedFileStorage } from './storage/encrypted-file.ts'
export type { EncryptedFileStorageOptions } from './storage/encrypted-file.ts'

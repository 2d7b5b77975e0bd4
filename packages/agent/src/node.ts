export { encryptedFileRecords, encryptedFileStorage } from './storage/encrypted-file.ts'
export type { EncryptedFileStorageOptions } from './storage/encrypted-file.ts'
export { keychainPassphrase, keychainStorage, systemKeychain } from './storage/keychain.ts'
export type { Keychain, KeychainStorageOptions } from './storage/keychain.ts'

export { bankDocument, type BankDocument } from './document.ts'
export { startBank, type Bank, type BankOptions } from './start-bank.ts'

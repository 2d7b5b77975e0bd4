/*
 * Every table of Countersign, for Drizzle: `@countersign/server/schema`.
 */
export * from './agent-tables.ts'
export * from './base-tables.ts'
export * from './provider-tables.ts'

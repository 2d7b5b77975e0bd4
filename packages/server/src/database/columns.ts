import { bigint, text, timestamp } from 'drizzle-orm/pg-core'

/*
 * Columns that many tables have.
 */

/** The primary key. */
export const id = () => text('id').primaryKey()
/** A moment, with its time zone. */
export const time = (name: string) => timestamp(name, { withTimezone: true })
/** When the row was made. */
export const createdAt = () => time('created_at').notNull().defaultNow()
/** When the row changed last. */
export const updatedAt = () => time('updated_at').notNull().defaultNow()
/** A count that may pass 2^31, such as milliseconds or a passkey's counter. */
export const large = (name: string) => bigint(name, { mode: 'number' })

import { sql } from 'drizzle-orm'
import { bigint, customType } from 'drizzle-orm/pg-core'

import { instantOf } from './instant.ts'

/** Text that is compared by its bytes, whatever the locale of the database. */
export const bytewiseText = customType<{ data: string }>({ dataType: () => 'text collate "C"' })

/** A SHA-256: 64 lower-case hexadecimal characters in TypeScript, 32 bytes in Postgres. */
export const digest = customType<{ data: string; driverData: Buffer }>({
  dataType: () => 'bytea',
  fromDriver: (bytes) => bytes.toString('hex'),
  toDriver: (hex) => Buffer.from(hex, 'hex'),
})

/** Any bytes. */
export const bytes = customType<{ data: Buffer }>({ dataType: () => 'bytea' })

/** A moment: an RFC 3339 string in UTC with milliseconds in TypeScript, `timestamptz` in Postgres. */
export const instant = customType<{ data: string; config: { precision: number } }>({
  dataType: (config) => (config ? `timestamp(${config.precision}) with time zone` : 'timestamp with time zone'),
  fromDriver: (text) => instantOf(text as string),
})

/** The tenant of a row: first in every key. */
export const tenantId = bytewiseText('tenant_id').notNull()

/** A moment that this database recorded, to the millisecond. */
export const recordedAt = (name: string) => instant(name, { precision: 3 })

/** The database's clock, which goes on within a transaction. */
export const now = sql`clock_timestamp()`

/** A number of things, or a revision: below 2^53. */
export const count = (name: string) => bigint(name, { mode: 'number' })

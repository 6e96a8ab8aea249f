import type { Database } from './open-database.ts'
import { quoteLiteral } from './quote-literal.ts'
import type { Transaction } from './session.ts'

/**
 * One transaction that sees and writes rows of one tenant only. It is committed when `work` returns and rolled back when it throws; `work`
 * waits for all that it sends.
 * @throws `db/unavailable`, `db/timeout`, `blob/full`, `internal` for failures of the database; what `work` throws otherwise, as it is
 */
export function withTenant<T>(database: Database, tenantId: string, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return database.transaction({ settings: tenantSetting(tenantId) }, work)
}

/** As `withTenant`, for work that reads alone. */
export function readTenant<T>(database: Database, tenantId: string, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return database.transaction({ settings: tenantSetting(tenantId), readOnly: true }, work)
}

/** The statement that binds a transaction to a tenant. */
export function tenantSetting(tenantId: string): string {
  return `set local app.tenant_id = ${quoteLiteral(tenantId)}`
}

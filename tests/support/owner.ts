import { parseDatabaseUrl } from '@stella/core'
import type { Stack } from '@stella/deploy'
import postgres from 'postgres'

/**
 * Moves the times at which runs of a tenant are pruned into the past, as the owner of the tables alone may: an ended run cannot be changed by
 * the service. `data`: their bundles are due; `documents`: everything is.
 */
export async function makeDue(
  { databaseOwnerUrl }: Pick<Stack, 'databaseOwnerUrl'>,
  { tenantId, runIds, what }: { tenantId: string; runIds: readonly string[]; what: 'data' | 'documents' },
): Promise<void> {
  const { host, port, user, password, database } = parseDatabaseUrl(databaseOwnerUrl)
  const owner = postgres({ host, port, user, password, database, max: 1 })
  try {
    await owner.begin(async (tx) => {
      await tx`set local session_replication_role = replica`
      await tx`update export_runs set expires_at = '2025-01-01T00:00:00Z',
        documents_expire_at = ${what === 'data' ? '2999-01-01T00:00:00Z' : '2025-01-02T00:00:00Z'}
        where tenant_id = ${tenantId} and id in ${tx([...runIds])}`
    })
  } finally {
    await owner.end()
  }
}

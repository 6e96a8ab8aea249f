import { type Filters, Problem } from '@stella/contracts'

/** @throws `request/invalid` for filters that name a tenant other than the caller's, in the same words whether it exists or not */
export function requireOwnTenant(filters: Filters | undefined, tenantId: string): void {
  if (filters?.tenant_id === undefined || filters.tenant_id === tenantId) return
  throw new Problem('request/invalid', 'filters.tenant_id: only your own tenant can be exported: leave it out')
}

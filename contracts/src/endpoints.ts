import type { Role } from './roles.ts'

/** A way into the API. `role` is the least role that may use it; null needs no token. */
export interface Endpoint {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly role: Role | null
}

/** Every endpoint of the API, with the role that it needs: the gateway enforces this table, the tests enumerate it. */
export const endpoints = {
  createProfile: { method: 'POST', path: '/export/profiles', role: 'Export.Admin' },
  listProfiles: { method: 'GET', path: '/export/profiles', role: 'Export.Viewer' },
  getProfile: { method: 'GET', path: '/export/profiles/:id', role: 'Export.Viewer' },
  createRun: { method: 'POST', path: '/export/runs', role: 'Export.Operator' },
  listRuns: { method: 'GET', path: '/export/runs', role: 'Export.Viewer' },
  getRun: { method: 'GET', path: '/export/runs/:id', role: 'Export.Viewer' },
  cancelRun: { method: 'POST', path: '/export/runs/:id/cancel', role: 'Export.Operator' },
  reproduceRun: { method: 'POST', path: '/export/runs/:id/reproduce', role: 'Export.Operator' },
  downloadRun: { method: 'GET', path: '/export/runs/:id/download', role: 'Export.Viewer' },
  getManifest: { method: 'GET', path: '/export/runs/:id/manifest', role: 'Export.Viewer' },
  getProvenance: { method: 'GET', path: '/export/runs/:id/provenance', role: 'Export.Viewer' },
  getSignatures: { method: 'GET', path: '/export/runs/:id/signatures', role: 'Export.Viewer' },
  listKeys: { method: 'GET', path: '/export/keys', role: null },
  ingestDocuments: { method: 'POST', path: '/ledger/ingest', role: 'Export.Operator' },
  getIngest: { method: 'GET', path: '/ledger/ingests/:id', role: 'Export.Viewer' },
  live: { method: 'GET', path: '/health/live', role: null },
  ready: { method: 'GET', path: '/health/ready', role: null },
} as const satisfies Record<string, Endpoint>
/** Name of an endpoint. */
export type EndpointName = keyof typeof endpoints

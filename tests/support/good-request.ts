import type { EndpointName, Profile, Run } from '@stella/contracts'

import type { Tenant } from './tenant.ts'
import { upgrade } from './upgrade.ts'

/** What a tenant owns that requests are about. `admin` may make more of it. */
export interface Owned {
  readonly admin: Tenant
  readonly profile: string
  readonly run: string
  readonly ingest: string
  /** SHA-256 of a document. */
  readonly artifact: string
}

/** The head of an answer. */
export type AnswerHead = Pick<Response, 'status' | 'headers'>

type GoodRequest = (caller: Tenant, owned: Owned) => Promise<AnswerHead>

/** A name that requests and answers carry, for tests that look for it in the audit log. */
export const REQUEST_ID = 'good-request'

let made = 0

/** The path of an endpoint about one thing: `:id` and `:sha256` are put in. */
export function pathOf(path: string, { id, artifact }: { readonly id: string; readonly artifact: string }): string {
  return path.replace(':id', id).replace(':sha256', artifact)
}

/**
 * For every endpoint a request that is right in all but, perhaps, the role of its caller. An endpoint of the table that is not here fails
 * the tests that enumerate the table.
 */
export const goodRequests: Readonly<Record<EndpointName, GoodRequest>> = {
  createProfile: (caller) => post(caller, '/export/profiles', newProfile()),
  listProfiles: (caller) => get(caller, '/export/profiles'),
  getProfile: (caller, { profile }) => get(caller, `/export/profiles/${profile}`),
  changeProfile: async (caller, owned) =>
    send(caller, await profileCall('PATCH', owned), JSON.stringify({ config: { compression: { level: 5 } } })),
  deleteProfile: async (caller, owned) => send(caller, await profileCall('DELETE', owned)),
  previewPlan: (caller, { profile }) => post(caller, '/export/plans', { profile_id: profile }),
  createRun: (caller, { profile }) => post(caller, '/export/runs', { profile_id: profile }),
  listRuns: (caller) => get(caller, '/export/runs'),
  getRun: (caller, { run }) => get(caller, `/export/runs/${run}`),
  cancelRun: async (caller, { admin, profile }) => {
    const created = await post(admin, '/export/runs', { profile_id: profile })
    return post(caller, `/export/runs/${((await created.json()) as Run).id}/cancel`)
  },
  reproduceRun: (caller, { run }) => post(caller, `/export/runs/${run}/reproduce`),
  downloadRun: (caller, { run }) => get(caller, `/export/runs/${run}/download`),
  getManifest: (caller, { run }) => get(caller, `/export/runs/${run}/manifest`),
  getProvenance: (caller, { run }) => get(caller, `/export/runs/${run}/provenance`),
  getSignatures: (caller, { run }) => get(caller, `/export/runs/${run}/signatures`),
  verifyRun: (caller, { run }) => post(caller, `/export/runs/${run}/verify`),
  listVerifications: (caller, { run }) => get(caller, `/export/runs/${run}/verifications`),
  ingestDocuments: (caller) => send(caller, { method: 'POST', path: '/ledger/ingest' }, '{"id":"A"}'),
  listIngests: (caller) => get(caller, '/ledger/ingests'),
  getIngest: (caller, { ingest }) => get(caller, `/ledger/ingests/${ingest}`),
  streamAdvisories: (caller) => get(caller, '/ledger/advisories'),
  streamVex: (caller) => get(caller, '/ledger/vex'),
  streamSboms: (caller) => get(caller, '/ledger/sboms'),
  streamJars: (caller) => get(caller, '/ledger/jars'),
  streamFindings: (caller) => get(caller, '/ledger/findings'),
  streamRecords: (caller) => post(caller, '/ledger/records', { group: 'advisories' }),
  listRevisions: (caller) => get(caller, '/ledger/revisions'),
  getArtifact: (caller, { artifact }) => get(caller, `/ledger/artifacts/${artifact}`),
  readExtent: (caller) => post(caller, '/ledger/extents', { group: 'advisories', range_records: 16_384 }),
  readSources: (caller) => post(caller, '/ledger/sources', {}),
  getOverview: (caller) => caller.api('/export/metrics/overview'),
  readEcosystems: (caller) => post(caller, '/ledger/ecosystems', { ecosystems: ['npm'] }),
  readTimes: (caller) => post(caller, '/ledger/times', { grain_bytes: 1_048_576 }),
  streamUpdates: (caller) => upgrade(caller, '/export/streams/updates'),
  listAudit: (caller) => get(caller, '/audit'),
  listKeys: (caller) => get(caller, '/export/keys'),
  getOpenApi: (caller) => get(caller, '/openapi.json'),
  live: (caller) => get(caller, '/health/live'),
  ready: (caller) => get(caller, '/health/ready'),
}

interface Call {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
}

function send(caller: Tenant, { method, path, headers }: Call, body?: string): Promise<Response> {
  return caller.api(path, {
    method,
    headers: { 'x-request-id': REQUEST_ID, ...headers },
    ...(body === undefined ? {} : { body }),
  })
}

function get(caller: Tenant, path: string): Promise<Response> {
  return send(caller, { method: 'GET', path })
}

function post(caller: Tenant, path: string, body?: unknown): Promise<Response> {
  return send(caller, { method: 'POST', path }, body === undefined ? undefined : JSON.stringify(body))
}

function newProfile() {
  made += 1
  return { name: `made ${made}`, kind: 'json', variant: 'raw' }
}

/** A call about a profile of its own, in the revision that it has. */
async function profileCall(method: string, { admin }: Owned): Promise<Call> {
  const created = await post(admin, '/export/profiles', newProfile())
  const { id } = (await created.json()) as Profile
  return { method, path: `/export/profiles/${id}`, headers: { 'if-match': created.headers.get('etag') ?? '' } }
}

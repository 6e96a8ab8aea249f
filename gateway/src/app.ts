import { type Endpoint, type EndpointName, endpoints, Problem, toProblem, verifyFailures } from '@stella/contracts'
import { type Context, Hono, type MiddlewareHandler } from 'hono'

import { type AuditTrail, auditTrail } from './audit/audit-trail.ts'
import type { GatewayDeps, GatewayEnv } from './deps.ts'
import { rateLimited } from './limits/rate-limit.ts'
import { authenticate } from './middleware/authenticate.ts'
import { notAllowed } from './middleware/not-allowed.ts'
import { observe } from './middleware/observe.ts'
import { type ReadRequest, readRequest } from './middleware/read-request.ts'
import { VerifiedTokens } from './middleware/verified-tokens.ts'
import { problemResponse } from './problem-response.ts'
import type { Route } from './route.ts'
import { cancelRunRoute } from './routes/cancel-run.ts'
import { changeProfileRoute } from './routes/change-profile.ts'
import { createProfileRoute } from './routes/create-profile.ts'
import { createRunRoute } from './routes/create-run.ts'
import { deleteProfileRoute } from './routes/delete-profile.ts'
import { downloadRunRoute } from './routes/download-run.ts'
import { getArtifactRoute } from './routes/get-artifact.ts'
import { getIngestRoute } from './routes/get-ingest.ts'
import { getOpenApiRoute } from './routes/get-open-api.ts'
import { getOverviewRoute } from './routes/get-overview.ts'
import { getProfileRoute } from './routes/get-profile.ts'
import { getRunRoute } from './routes/get-run.ts'
import { getSignaturesRoute } from './routes/get-signatures.ts'
import { liveRoute, readyRoute } from './routes/health.ts'
import { ingestDocumentsRoute } from './routes/ingest-documents.ts'
import { listAuditRoute } from './routes/list-audit.ts'
import { listIngestsRoute } from './routes/list-ingests.ts'
import { listKeysRoute } from './routes/list-keys.ts'
import { listProfilesRoute } from './routes/list-profiles.ts'
import { listRevisionsRoute } from './routes/list-revisions.ts'
import { listRunsRoute } from './routes/list-runs.ts'
import { listVerificationsRoute } from './routes/list-verifications.ts'
import { previewPlanRoute } from './routes/preview-plan.ts'
import { readEcosystemsRoute } from './routes/read-ecosystems.ts'
import { readExtentRoute } from './routes/read-extent.ts'
import { readSourcesRoute } from './routes/read-sources.ts'
import { readTimesRoute } from './routes/read-times.ts'
import { reproduceRunRoute } from './routes/reproduce-run.ts'
import { manifestRoute, provenanceRoute } from './routes/run-document.ts'
import {
  streamAdvisoriesRoute,
  streamFindingsRoute,
  streamJarsRoute,
  streamRecordsRoute,
  streamSbomsRoute,
  streamVexRoute,
} from './routes/stream-records.ts'
import { streamUpdatesRoute } from './routes/stream-updates.ts'
import { verifyRunRoute } from './routes/verify-run.ts'

const routes: { readonly [Name in EndpointName]: (deps: GatewayDeps) => Route<Name> } = {
  createProfile: createProfileRoute,
  listProfiles: listProfilesRoute,
  getProfile: getProfileRoute,
  changeProfile: changeProfileRoute,
  deleteProfile: deleteProfileRoute,
  previewPlan: previewPlanRoute,
  createRun: createRunRoute,
  listRuns: listRunsRoute,
  getRun: getRunRoute,
  cancelRun: cancelRunRoute,
  reproduceRun: reproduceRunRoute,
  downloadRun: downloadRunRoute,
  getManifest: manifestRoute,
  getProvenance: provenanceRoute,
  getSignatures: getSignaturesRoute,
  listKeys: listKeysRoute,
  getOpenApi: getOpenApiRoute,
  ingestDocuments: ingestDocumentsRoute,
  listIngests: listIngestsRoute,
  getIngest: getIngestRoute,
  streamAdvisories: streamAdvisoriesRoute,
  streamVex: streamVexRoute,
  streamSboms: streamSbomsRoute,
  streamJars: streamJarsRoute,
  streamFindings: streamFindingsRoute,
  streamRecords: streamRecordsRoute,
  listRevisions: listRevisionsRoute,
  getArtifact: getArtifactRoute,
  readExtent: readExtentRoute,
  readSources: readSourcesRoute,
  getOverview: getOverviewRoute,
  readEcosystems: readEcosystemsRoute,
  readTimes: readTimesRoute,
  streamUpdates: streamUpdatesRoute,
  verifyRun: verifyRunRoute,
  listVerifications: listVerificationsRoute,
  listAudit: listAuditRoute,
  live: liveRoute,
  ready: readyRoute,
}

/** The HTTP API as a web-standard `fetch`: it authorizes, records, publishes and answers; it builds nothing. */
export function createApp(deps: GatewayDeps): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>()
  const trail = auditTrail(deps)
  const verified = new VerifiedTokens()
  app.use(observe(deps))
  app.onError((error, c) => {
    if (verifyFailures.has(toProblem(error).code)) deps.metrics.verifyFailed()
    return problemResponse(error, deps.log, c.get('requestId'))
  })
  app.notFound(() => problemResponse(new Problem('resource/not-found', 'there is no such address'), deps.log))

  for (const name of Object.keys(routes) as EndpointName[]) addRoute({ app, deps, trail, verified }, name)
  for (const [path, methods] of methodsByPath()) app.all(path, notAllowed(deps, methods))
  return app
}

interface AppParts {
  readonly app: Hono<GatewayEnv>
  readonly deps: GatewayDeps
  readonly trail: AuditTrail
  readonly verified: VerifiedTokens
}

/** Adds one endpoint: authenticate, count against the limits, parse by the table, answer; around it the audit log. */
function addRoute({ app, deps, trail, verified }: AppParts, name: EndpointName): void {
  const endpoint: Endpoint = endpoints[name]
  // What `readRequest` makes of an entry of the table is what `Asked` says of that entry.
  const answer = routes[name](deps) as (c: Context<GatewayEnv>, asked: ReadRequest) => Promise<Response>
  const named: MiddlewareHandler<GatewayEnv> = (c, next) => {
    c.set('route', name)
    return next()
  }
  app.on(
    endpoint.method,
    endpoint.path,
    named,
    trail(endpoint),
    authenticate({ ...deps, verified }, endpoint),
    ...rateLimited(deps),
    async (c) => answer(c, await readRequest(c, endpoint)),
  )
}

function methodsByPath(): Map<string, Endpoint['method'][]> {
  const methods = new Map<string, Endpoint['method'][]>()
  for (const { path, method } of Object.values<Endpoint>(endpoints))
    methods.set(path, [...(methods.get(path) ?? []), method])
  return methods
}

import { type EndpointName, endpoints, Problem } from '@stella/contracts'
import { Hono, type MiddlewareHandler } from 'hono'

import type { GatewayDeps, GatewayEnv } from './deps.ts'
import { authenticate } from './middleware/authenticate.ts'
import { problemResponse } from './problem-response.ts'
import { cancelRunRoute } from './routes/cancel-run.ts'
import { createProfileRoute } from './routes/create-profile.ts'
import { createRunRoute } from './routes/create-run.ts'
import { downloadRunRoute } from './routes/download-run.ts'
import { getIngestRoute } from './routes/get-ingest.ts'
import { getProfileRoute } from './routes/get-profile.ts'
import { getRunRoute } from './routes/get-run.ts'
import { getSignaturesRoute } from './routes/get-signatures.ts'
import { liveRoute, readyRoute } from './routes/health.ts'
import { ingestDocumentsRoute } from './routes/ingest-documents.ts'
import { listKeysRoute } from './routes/list-keys.ts'
import { listProfilesRoute } from './routes/list-profiles.ts'
import { listRunsRoute } from './routes/list-runs.ts'
import { reproduceRunRoute } from './routes/reproduce-run.ts'
import { manifestRoute, provenanceRoute } from './routes/run-document.ts'

const routes: Readonly<Record<EndpointName, (deps: GatewayDeps) => MiddlewareHandler<GatewayEnv>>> = {
  createProfile: createProfileRoute,
  listProfiles: listProfilesRoute,
  getProfile: getProfileRoute,
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
  ingestDocuments: ingestDocumentsRoute,
  getIngest: getIngestRoute,
  live: liveRoute,
  ready: readyRoute,
}

/** The HTTP API as a web-standard `fetch`: it authorizes, records, publishes and answers; it builds nothing. */
export function createApp(deps: GatewayDeps): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>()
  app.onError((error) => problemResponse(error, deps.log))
  app.notFound(() => problemResponse(new Problem('resource/not-found', 'there is no such address'), deps.log))

  for (const [name, route] of Object.entries(routes)) {
    const endpoint = endpoints[name as EndpointName]
    app.on(endpoint.method, endpoint.path, authenticate(deps, endpoint), route(deps))
  }
  return app
}

import { randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import { serve } from '@hono/node-server'
import { connectBus, Metrics, openBlobs, openKms, serveMetrics } from '@stella/adapters'
import {
  DATABASE_IDLE_MS,
  DATABASE_SILENCE_MS,
  DATABASE_STATEMENT_MS,
  DATABASE_TURN_MS,
  HEADERS_CHECK_MS,
  HEADERS_MS,
  IDLE_CONNECTION_MS,
  type JobStep,
  jobs,
  KEEP_ALIVE_MS,
  MAX_DATABASE_WAITERS,
  MAX_HEADER_BYTES,
  MAX_RATE_LEASES,
  MAX_READER_BACKLOG_BYTES,
  MAX_READER_STALL_MS,
  MAX_READERS,
  MAX_REPLAYS,
  MAX_TENANT_READERS,
  MAX_TENANT_REPLAYS,
  RATE_LEASE_MS,
  RATE_LEASE_PARTS,
  RECENT_EVENTS,
  RECENT_EVENTS_BYTES,
  readSettings,
  runLimits,
} from '@stella/contracts'
import { leaseTokens, openDatabase, pingDatabase, withTenant } from '@stella/db'
import { createRemoteJWKSet } from 'jose'
import { pino } from 'pino'

import { answerUnreadable } from './answer-unreadable.ts'
import { createApp } from './app.ts'
import { OpenStreams } from './ledger/open-streams.ts'
import { TokenLeases } from './limits/token-leases.ts'
import { NodeUpgrades } from './node-upgrades.ts'
import { settings as contract } from './settings.ts'
import { UpdatesHub } from './updates/updates-hub.ts'

const settings = readSettings(contract, 'gateway', process.env)
const logger = pino({ base: { process: 'gateway' }, messageKey: 'message' }, pino.destination(2))
const database = openDatabase(settings.DATABASE_URL, {
  deadlines: {
    turnMs: DATABASE_TURN_MS,
    waiters: MAX_DATABASE_WAITERS,
    statementMs: DATABASE_STATEMENT_MS,
    silenceMs: DATABASE_SILENCE_MS,
    idleMs: DATABASE_IDLE_MS,
  },
})
const bus = await connectBus(settings.NATS_URL, { log: (entry) => logger.warn(entry) })
await bus.ensureStreams()

const metrics = new Metrics()
metrics.addQueues(() =>
  Promise.all((Object.keys(jobs) as JobStep[]).map(async (step) => ({ step, ...(await bus.pending(step)) }))),
)
const stopping = new AbortController()
const updates = new UpdatesHub({
  bus,
  limits: {
    recentEvents: RECENT_EVENTS,
    recentBytes: RECENT_EVENTS_BYTES,
    backlogBytes: MAX_READER_BACKLOG_BYTES,
    stallMs: MAX_READER_STALL_MS,
    readers: MAX_READERS,
    tenantReaders: MAX_TENANT_READERS,
    replays: MAX_REPLAYS,
    tenantReplays: MAX_TENANT_REPLAYS,
  },
  now: () => new Date(),
  log: (entry) => logger.warn(entry),
  observe: {
    readers: (change) => metrics.readers(change),
    dropped: (reason) => metrics.readerDropped(reason),
  },
})
void updates.run(stopping.signal)
const upgrades = new NodeUpgrades()

const app = createApp({
  tokens: {
    issuer: settings.OIDC_ISSUER,
    audience: settings.OIDC_AUDIENCE,
    keys: createRemoteJWKSet(new URL(settings.OIDC_JWKS_URL)),
  },
  blobs: await openBlobs(settings.BLOB_URL),
  bus,
  kms: await openKms(settings.KMS_URL, { production: settings.NODE_ENV === 'production' }),
  inTenant: (tenantId, work) => withTenant(database, tenantId, work),
  openStreams: new OpenStreams(),
  ready: async () => {
    await pingDatabase(database)
    await bus.check()
  },
  runLimits: runLimits(settings),
  rates: {
    tenantRequests: settings.STELLA_TENANT_REQUESTS_PER_MINUTE,
    profileRuns: settings.STELLA_PROFILE_RUNS_PER_MINUTE,
  },
  leases: new TokenLeases({
    lease: (lease) => withTenant(database, lease.tenantId, (tx) => leaseTokens(tx, lease)),
    leaseMs: RATE_LEASE_MS,
    parts: RATE_LEASE_PARTS,
    maxLeases: MAX_RATE_LEASES,
    clockMs: () => performance.now(),
  }),
  updates,
  upgrade: upgrades.upgrade,
  allowedOrigins: settings.STELLA_ALLOWED_ORIGINS,
  newId: (prefix) => `${prefix}_${randomUUID()}`,
  now: () => new Date(),
  log: (entry) => logger.warn(entry),
  logRequest: (entry) => logger.info(entry),
  metrics,
})

if (settings.STELLA_METRICS_PORT !== undefined) {
  const address = { host: settings.STELLA_METRICS_HOST, port: settings.STELLA_METRICS_PORT }
  logger.info({ message: 'metrics', url: (await serveMetrics(metrics, address)).url })
}

const server = serve(
  {
    fetch: app.fetch, // An upload may take hours; what does not move is closed below.
    serverOptions: {
      requestTimeout: 0,
      headersTimeout: HEADERS_MS,
      connectionsCheckingInterval: HEADERS_CHECK_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    hostname: settings.STELLA_HOST,
    port: settings.STELLA_PORT,
  },
  ({ address, port }: AddressInfo) => {
    const url = `http://${address}:${port}`
    logger.info({ message: 'listening', url })
    process.send?.({ type: 'ready', url })
  },
)

server.on('clientError', (error, socket) => void answerUnreadable(error, socket, (entry) => logger.warn(entry)))
const stopPings = upgrades.attach(server as Server, app.fetch)
server.on('connection', (socket) => socket.setTimeout(IDLE_CONNECTION_MS, () => socket.destroy()))

async function stop(): Promise<void> {
  if (stopping.signal.aborted) return
  stopping.abort()
  stopPings()
  server.close()
  await bus.close()
  await database.close()
  process.exit(0)
}
for (const signal of ['SIGINT', 'SIGTERM', 'disconnect']) process.on(signal, stop)

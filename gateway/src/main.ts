import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'

import { serve } from '@hono/node-server'
import { connectBus, openBlobs, openKms } from '@stella/adapters'
import {
  IDLE_CONNECTION_MS,
  MAX_RATE_LEASES,
  RATE_LEASE_MS,
  RATE_LEASE_PARTS,
  readSettings,
  runLimits,
} from '@stella/contracts'
import { leaseTokens, openDatabase, pingDatabase, withTenant } from '@stella/db'
import { createRemoteJWKSet } from 'jose'
import { pino } from 'pino'

import { createApp } from './app.ts'
import { OpenStreams } from './ledger/open-streams.ts'
import { TokenLeases } from './limits/token-leases.ts'
import { settings as contract } from './settings.ts'

const settings = readSettings(contract, 'gateway', process.env)
const logger = pino({ base: { process: 'gateway' }, messageKey: 'message' }, pino.destination(2))
const database = openDatabase(settings.DATABASE_URL)
const bus = await connectBus(settings.NATS_URL, { log: (entry) => logger.warn(entry) })
await bus.ensureStreams()

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
  newId: (prefix) => `${prefix}_${randomUUID()}`,
  now: () => new Date(),
  log: (entry) => logger.warn(entry),
})

const server = serve(
  {
    fetch: app.fetch, // An upload may take hours; what does not move is closed below.
    serverOptions: { requestTimeout: 0 },
    hostname: settings.STELLA_HOST,
    port: settings.STELLA_PORT,
  },
  ({ address, port }: AddressInfo) => {
    const url = `http://${address}:${port}`
    logger.info({ message: 'listening', url })
    process.send?.({ type: 'ready', url })
  },
)

server.on('connection', (socket) => socket.setTimeout(IDLE_CONNECTION_MS, () => socket.destroy()))

let stopping = false
async function stop(): Promise<void> {
  if (stopping) return
  stopping = true
  server.close()
  await bus.close()
  await database.close()
  process.exit(0)
}
for (const signal of ['SIGINT', 'SIGTERM', 'disconnect']) process.on(signal, stop)

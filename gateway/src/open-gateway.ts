import { randomUUID } from 'node:crypto'

import { connectBus, Metrics, openBlobs, openKms, openWrappingKms } from '@stella/adapters'
import {
  DATABASE_IDLE_MS,
  DATABASE_SILENCE_MS,
  DATABASE_STATEMENT_MS,
  DATABASE_TURN_MS,
  type JobStep,
  jobs,
  MAX_DATABASE_WAITERS,
  MAX_RATE_LEASES,
  MAX_READER_BACKLOG_BYTES,
  MAX_READER_STALL_MS,
  MAX_READERS,
  MAX_REPLAYS,
  MAX_TENANT_READERS,
  MAX_TENANT_REPLAYS,
  RATE_LEASE_MS,
  RATE_LEASE_PARTS,
  RATE_LEASE_WAIT_MS,
  READY_DATABASE_MS,
  RECENT_EVENTS,
  RECENT_EVENTS_BYTES,
  runLimits,
} from '@stella/contracts'
import { leaseTokens, openDatabase, pingDatabase, readTenant, withTenant } from '@stella/db'
import type { Hono } from 'hono'
import { createRemoteJWKSet } from 'jose'
import type { z } from 'zod'

import { createApp } from './app.ts'
import type { GatewayDeps, GatewayEnv } from './deps.ts'
import { OpenStreams } from './ledger/open-streams.ts'
import { inTime } from './limits/in-time.ts'
import { TokenLeases } from './limits/token-leases.ts'
import type { settings as contract } from './settings.ts'
import { UpdatesHub } from './updates/updates-hub.ts'

/** The API with all that it uses, connected. */
export interface OpenGateway {
  readonly app: Hono<GatewayEnv>
  readonly metrics: Metrics
  /** Ends streams of updates and closes the connections. */
  close(): Promise<void>
}

/**
 * Connects what the API uses, as the settings say. What the runtime has to give comes from the caller: where lines of the log go, and how a
 * request becomes a WebSocket.
 * @throws `config/invalid` · `bus/unavailable` · `blob/unavailable`
 */
export async function openGateway(
  settings: z.output<typeof contract>,
  { log, logRequest, upgrade }: Pick<GatewayDeps, 'log' | 'logRequest' | 'upgrade'>,
): Promise<OpenGateway> {
  const database = openDatabase(settings.DATABASE_URL, {
    deadlines: {
      turnMs: DATABASE_TURN_MS,
      waiters: MAX_DATABASE_WAITERS,
      statementMs: DATABASE_STATEMENT_MS,
      silenceMs: DATABASE_SILENCE_MS,
      idleMs: DATABASE_IDLE_MS,
    },
  })
  const bus = await connectBus(settings.NATS_URL, { log: (entry) => log({ ...entry }) })
  await bus.ensureStreams()

  const metrics = new Metrics()
  const production = settings.NODE_ENV === 'production'
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
    log,
    observe: {
      readers: (change) => metrics.readers(change),
      dropped: (reason) => metrics.readerDropped(reason),
    },
  })
  void updates.run(stopping.signal)

  const app = createApp({
    tokens: {
      issuer: settings.OIDC_ISSUER,
      audience: settings.OIDC_AUDIENCE,
      keys: createRemoteJWKSet(new URL(settings.OIDC_JWKS_URL)),
    },
    blobs: await openBlobs(settings.BLOB_URL),
    bus,
    kms: await openKms(settings.KMS_URL, { production }),
    wrappingKms:
      settings.ENCRYPTION_KMS_URL === undefined
        ? null
        : await openWrappingKms(settings.ENCRYPTION_KMS_URL, { production }),
    inTenant: (tenantId, work) => withTenant(database, tenantId, work),
    readTenant: (tenantId, work) => readTenant(database, tenantId, work),
    openStreams: new OpenStreams(),
    ready: async () => {
      await inTime(pingDatabase(database), READY_DATABASE_MS)
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
      waitMs: RATE_LEASE_WAIT_MS,
      parts: RATE_LEASE_PARTS,
      maxLeases: MAX_RATE_LEASES,
      clockMs: () => performance.now(),
    }),
    updates,
    upgrade,
    allowedOrigins: settings.STELLA_ALLOWED_ORIGINS,
    newId: (prefix) => `${prefix}_${randomUUID()}`,
    now: () => new Date(),
    log,
    logRequest,
    metrics,
  })
  return {
    app,
    metrics,
    async close() {
      stopping.abort()
      await bus.close()
      await database.close()
    },
  }
}

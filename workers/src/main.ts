import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

import { connectBus, Metrics, openBlobs, openKms, openWrappingKms, serveMetrics } from '@stella/adapters'
import { readSettings, runLimits, SWEEP_MS } from '@stella/contracts'
import { openDatabase, withTenant } from '@stella/db'
import { pino } from 'pino'

import type { Mapping, WorkerDeps } from './deps.ts'
import { openEvidence } from './evidence/open-evidence.ts'
import { settings as contract } from './settings.ts'
import { startWorker } from './worker.ts'

const require = createRequire(import.meta.url)
const settings = readSettings(contract, 'worker', process.env)
const logger = pino({ base: { process: 'worker' }, messageKey: 'message' }, pino.destination(2))
const database = openDatabase(settings.DATABASE_URL)
const bus = await connectBus(settings.NATS_URL, { log: (entry) => logger.warn(entry) })
await bus.ensureStreams()

const metrics = new Metrics()
const production = settings.NODE_ENV === 'production'
const inTenant: WorkerDeps['inTenant'] = (tenantId, work) => withTenant(database, tenantId, work)
const deps: WorkerDeps = {
  database,
  inTenant,
  evidence: openEvidence(settings, { inTenant, databaseUrl: settings.DATABASE_URL }),
  blobs: await openBlobs(settings.BLOB_URL),
  bus,
  kms: await openKms(settings.KMS_URL, { production }),
  wrappingKms:
    settings.ENCRYPTION_KMS_URL === undefined
      ? null
      : await openWrappingKms(settings.ENCRYPTION_KMS_URL, { production }),
  mappings: {
    advisory: mapping('osv-1.7'),
    vex: mapping('openvex-0.2.0'),
    sbom: mapping('sbom-graph-1'),
    jar: mapping('maven-jar-1'),
  },
  readers: settings.STELLA_READERS,
  runLimits: runLimits(settings),
  builderVersion: versionOf(new URL('../package.json', import.meta.url)),
  metrics,
  now: () => new Date(),
  newId: () => randomUUID(),
  log: (entry) => logger.info(entry),
}

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'disconnect']) process.on(signal, () => stopping.abort())
if (settings.STELLA_METRICS_PORT !== undefined) {
  const address = { host: settings.STELLA_METRICS_HOST, port: settings.STELLA_METRICS_PORT }
  logger.info({ message: 'metrics', url: (await serveMetrics(metrics, address)).url })
}
process.send?.({ type: 'ready' })

await startWorker(deps, { sweepMs: SWEEP_MS, signal: stopping.signal })
await bus.close()
await database.close()
process.exit(0)

function mapping(id: string): Mapping {
  return { id, json: readFileSync(require.resolve(`@stella/contracts/mappings/${id}.json`), 'utf8') }
}

function versionOf(packageFile: URL): string {
  return (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }).version
}

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { connectBus, openBlobs } from '@stella/adapters'
import { LOST_JOB_MS, PROFILE_CONCURRENT_RUNS, TENANT_CONCURRENT_RUNS, UNCLAIMED_UPLOAD_MS } from '@stella/contracts'
import { uploadKey } from '@stella/core'
import { migrate, openDatabase, recordIngest, withTenant } from '@stella/db'
import { startTestNats, startTestPostgres } from '@stella/deploy'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { freshRemovalMemory, freshRepublishMemory, removeLeft, republishJobs, type SweepDeps } from './sweep.ts'

const HOUR_MS = 3_600_000
const closing: (() => Promise<void>)[] = []
let ownerUrl: string
let deps: SweepDeps

beforeAll(async () => {
  const [postgres, nats] = await Promise.all([startTestPostgres(), startTestNats()])
  const store = await mkdtemp(join(tmpdir(), 'stella-sweep-'))
  closing.push(postgres.stop, nats.stop, () => rm(store, { recursive: true }))
  ownerUrl = postgres.ownerUrl
  const database = openDatabase(await migrate(ownerUrl))
  const bus = await connectBus(nats.url, { log: () => undefined })
  closing.unshift(() => bus.close(), database.close)
  await bus.ensureStreams()
  deps = {
    database,
    inTenant: (tenant, work) => withTenant(database, tenant, work),
    blobs: await openBlobs(pathToFileURL(store).href),
    bus,
    runLimits: { tenantRuns: TENANT_CONCURRENT_RUNS, profileRuns: PROFILE_CONCURRENT_RUNS },
    now: () => new Date(),
    log: () => undefined,
  }
})
afterAll(async () => {
  for (const close of closing) await close()
})

async function receive(id: string, tenantId = 'acme'): Promise<void> {
  const upload = { uploadKey: uploadKey(tenantId, id), uploadSha256: '0'.repeat(64), uploadBytes: 1 }
  const batch = {
    tenantId,
    id,
    sourceUri: null,
    sourceName: null,
    format: 'auto' as const,
    strict: false,
    createdBy: 'test',
    ...upload,
  }
  await deps.inTenant(tenantId, (tx) => recordIngest(tx, batch))
}

async function silence(id: string, silentMs: number): Promise<void> {
  const owner = openDatabase(ownerUrl, { max: 1 })
  const text = `update ingests set heartbeat_at = now() - interval '${silentMs} milliseconds' where id = '${id}'`
  await owner.transaction({ settings: '' }, (tx) => tx.execute(text))
  await owner.close()
}

test('republishJobs() gives a batch that waits no second job, however long, and one whose job was lost one job', async () => {
  for (const id of ['waiting', 'lost']) await receive(id)
  await deps.bus.publishJob({
    step: 'ingest',
    message: { tenantId: 'acme', ingestId: 'waiting' },
    dedupeId: 'waiting/ingest',
  })
  // An hour later, as the clocks of the rows and of the sweep say it.
  const later = { ...deps, now: () => new Date(Date.now() + HOUR_MS) }
  await silence('waiting', HOUR_MS)
  await silence('lost', HOUR_MS + 2 * LOST_JOB_MS)

  let memory = freshRepublishMemory
  for (let look = 0; look < 3; look++) memory = await republishJobs(later, memory)
  expect(await deps.bus.pending('ingest')).toEqual({ pending: 2, inFlight: 0 })
})

test('removeLeft() comes to an upload that no batch claimed behind a thousand that are at work', async () => {
  const put = (id: string) => deps.blobs.putBytes({ key: uploadKey('busy', id), bytes: Uint8Array.of(1) })
  for (let at = 0; at < 1000; at++) {
    const id = `a${String(at).padStart(4, '0')}`
    await receive(id, 'busy')
    await put(id)
  }
  await put('unclaimed')
  const uploads = async () =>
    (await deps.blobs.list('uploads/busy/', { after: uploadKey('busy', 'a0998') })).map(({ key }) => key)
  expect(await uploads()).toEqual([uploadKey('busy', 'a0999'), uploadKey('busy', 'unclaimed')])

  let memory = freshRemovalMemory
  for (let look = 0; look < 2; look++) memory = await removeLeft(deps, memory)
  const later = { ...deps, now: () => new Date(Date.now() + UNCLAIMED_UPLOAD_MS) }
  for (let look = 0; look < 2; look++) memory = await removeLeft(later, memory)
  expect(await uploads()).toEqual([uploadKey('busy', 'a0999')])
})

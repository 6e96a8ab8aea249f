import { openAsBlob } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { psql } from '../jsonl/psql.mjs'
import { cpuSeconds, memoryMiB } from './process-costs.mjs'

const POLL_MS = 10
const tables = 'records, record_selectors, raw_artifacts, ledger_revisions, ledger_heads, ingests'

/**
 * Uploads a file to an empty ledger through the API and waits until the worker has it merged and committed.
 * @returns seconds from the accepted upload to the completed batch, those of the upload, processor time of worker and database, and
 *   the peak of the worker's resident memory above what it was before, in MiB
 */
export async function runIngest({ stack, file, count }) {
  const { worker, postgres } = await freshStart(stack)
  const headers = { authorization: `Bearer ${await stack.token({ tenant: 'bench', roles: ['Export.Operator'] })}` }
  const idle = memoryMiB(worker, 'VmRSS')
  const before = { worker: cpuSeconds(worker), postgres: cpuSeconds(postgres) }

  const uploaded = performance.now()
  const body = await openAsBlob(file)
  const accepted = await answer(
    await fetch(`${stack.url}/ledger/ingest?strict=true`, { method: 'POST', headers, body }),
  )
  const started = performance.now()
  const ingest = await completed(() => fetch(`${stack.url}/ledger/ingests/${accepted.id}`, { headers }))
  const seconds = (performance.now() - started) / 1000

  if (ingest.summary.new !== count) throw new Error(`${ingest.summary.new} documents were new, not ${count}`)
  return {
    seconds,
    uploadSeconds: (started - uploaded) / 1000,
    workerCpuSeconds: cpuSeconds(worker) - before.worker,
    postgresCpuSeconds: cpuSeconds(postgres) - before.postgres,
    aboveIdleMiB: memoryMiB(worker, 'VmHWM') - idle,
  }
}

/** Empties the ledger and forgets the worker's peak of memory (proc(5), clear_refs). */
async function freshStart({ databaseOwnerUrl, processes }) {
  await psql(databaseOwnerUrl, `truncate ${tables}`, 'checkpoint')
  const [worker, postgres] = [await processes.workers[0].running(), await processes.postgres.running()]
  await writeFile(`/proc/${worker}/clear_refs`, '5')
  return { worker, postgres }
}

async function completed(ask) {
  for (;;) {
    const ingest = await answer(await ask())
    if (ingest.state === 'completed') return ingest
    if (ingest.state === 'failed') throw new Error(ingest.error_message)
    await pause(POLL_MS)
  }
}

async function answer(response) {
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  return response.json()
}

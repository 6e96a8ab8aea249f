import { createHash, randomBytes } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openBlobs } from '@stella/adapters'
import { sealedKey } from '@stella/core'
import { psql } from '../jsonl/psql.mjs'

const tenantId = 'bench'

/** Runs an export, and puts a bundle of random bytes of the size wanted in the place of its own. @returns how to download it */
export async function storeBundle(stack, sizeBytes) {
  const headers = { authorization: `Bearer ${await stack.token({ tenant: tenantId, roles: ['Export.Admin'] })}` }
  const api = async (path, body) => {
    const method = body === undefined ? 'GET' : 'POST'
    const response = await fetch(`${stack.url}${path}`, {
      method,
      headers: { ...headers, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }
  const batch = await api('/ledger/ingest', { id: 'BENCH-1', modified: '2024-01-01T00:00:00Z', summary: 'One' })
  await until(async () => (await api(`/ledger/ingests/${batch.id}`)).state === 'completed')
  const profile = await api('/export/profiles', { name: 'json raw', kind: 'json', variant: 'raw' })
  const run = await api('/export/runs', { profile_id: profile.id })
  await until(async () => (await api(`/export/runs/${run.id}`)).state === 'succeeded')

  const file = join(stack.home, 'bundle')
  const sha256 = await writeRandom(file, sizeBytes)
  const attempt = await psql(
    stack.databaseOwnerUrl,
    `select sealed->>'attempt' from export_runs where id = '${run.id}'`,
  )
  const key = sealedKey({ tenantId, runId: run.id, attempt, sha256 })
  const blobs = await openBlobs(stack.blobUrl)
  await blobs.putFile({ key, file, sha256, sizeBytes })
  await rm(file)
  await name(stack.databaseOwnerUrl, run.id, { sha256, size: sizeBytes })
  return {
    url: `${stack.url}/export/runs/${run.id}/download`,
    headers,
    sha256,
    file: join(fileURLToPath(stack.blobUrl), key),
  }
}

/** A run that has ended cannot be changed, save by the owner of the database past its own triggers. */
async function name(ownerUrl, id, bundle) {
  await psql(
    ownerUrl,
    'set session_replication_role = replica',
    `update export_runs set sealed = jsonb_set(sealed::jsonb, '{bundle}', '${JSON.stringify(bundle)}')::json where id = '${id}'`,
  )
}

async function writeRandom(file, sizeBytes) {
  const block = 2 ** 20
  const handle = await open(file, 'w')
  const hash = createHash('sha256')
  for (let written = 0; written < sizeBytes; written += block) {
    const bytes = randomBytes(Math.min(block, sizeBytes - written))
    hash.update(bytes)
    await handle.write(bytes)
  }
  await handle.close()
  return hash.digest('hex')
}

async function until(holds) {
  for (let poll = 0; poll < 600; poll++) {
    if (await holds()) return
    await pause(100)
  }
  throw new Error('it did not come about within a minute')
}

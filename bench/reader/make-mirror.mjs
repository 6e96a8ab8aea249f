import { once } from 'node:events'
import { createWriteStream, openAsBlob } from 'node:fs'
import { rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { startStack } from '@stella/deploy'

const POLL_MS = 100

/** Ingests advisories into a stack of its own and exports them as a mirror. @returns path and bytes of the bundle, and path of the public key */
export async function makeMirror(dir, { count, textAt }) {
  const [lines, bundle, key] = ['advisories.jsonl', 'mirror.tar.zst', 'key.pem'].map((name) => join(dir, name))
  await writeLines(lines, { count, textAt })
  const home = join(dir, 'stack')
  const stack = await startStack({ home, env: process.env })
  try {
    const token = await stack.token({ tenant: 'bench', roles: ['Export.Admin'] })
    const send = async (path, init) => {
      const response = await fetch(`${stack.url}${path}`, { headers: { authorization: `Bearer ${token}` }, ...init })
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
      return response
    }
    const post = async (path, body) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
      return (await send(path, { method: 'POST', headers, body: JSON.stringify(body) })).json()
    }
    const { id } = await (await send('/ledger/ingest', { method: 'POST', body: await openAsBlob(lines) })).json()
    await ended(() => send(`/ledger/ingests/${id}`), 'completed')
    const profile = await post('/export/profiles', { name: 'mirror full', kind: 'mirror', variant: 'full' })
    const run = await post('/export/runs', { profile_id: profile.id })
    await ended(() => send(`/export/runs/${run.id}`), 'succeeded')
    await pipeline(
      Readable.fromWeb((await send(`/export/runs/${run.id}/download`)).body),
      createWriteStream(bundle, { flush: true }),
    )
    await writeFile(key, (await (await send('/export/keys')).json()).keys[0].pem)
  } finally {
    await stack.stop()
  }
  for (const path of [lines, home]) await rm(path, { recursive: true, force: true })
  return { bundle, key, bytes: (await stat(bundle)).size }
}

async function writeLines(path, { count, textAt }) {
  const out = createWriteStream(path)
  for (let index = 0; index < count; index++) {
    if (!out.write(`${textAt(index)}\n`)) await once(out, 'drain')
  }
  out.end()
  await finished(out)
}

async function ended(ask, wanted) {
  for (;;) {
    const { state, error_message } = await (await ask()).json()
    if (state === wanted) return
    if (state === 'failed') throw new Error(error_message)
    await pause(POLL_MS)
  }
}

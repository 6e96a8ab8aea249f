import { createHash } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { type ProblemBody, type Run, type Verification, verification } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import {
  createProfile,
  exportBundle,
  filesUnder,
  ingest,
  openTenant,
  samples,
  type Tenant,
  until,
} from './support/tenant.ts'

let stack: TestStack
let tenant: Tenant

beforeAll(async () => {
  stack = await startTestStack()
  tenant = await openTenant(stack, 'acme')
  await createProfile(tenant)
  await ingest(tenant, samples)
})
afterAll(() => stack?.stop())

async function ask(run: Run): Promise<Verification> {
  const answer = await tenant.api(`/export/runs/${run.id}/verify`, { method: 'POST' })
  expect(answer.status).toBe(202)
  return verification.parse(await answer.json())
}

async function listed(run: Run): Promise<Verification[]> {
  const answer = await tenant.api(`/export/runs/${run.id}/verifications`)
  return verification.array().parse(((await answer.json()) as { items: unknown }).items)
}

async function verified(run: Run): Promise<Verification> {
  const { id } = await ask(run)
  return until(async () => (await listed(run)).find((one) => one.id === id && one.state !== 'requested') ?? null)
}

/** Blobs that are stored for a run, by digest. */
async function blobOf(run: Run, sha256: string): Promise<string> {
  const paths = await filesUnder(fileURLToPath(stack.blobUrl))
  const path = paths.find((one) => one.includes(run.id) && one.endsWith(sha256))
  if (!path) throw new Error(`there is no blob ${sha256}`)
  return path
}

describe('POST /export/runs/{id}/verify', () => {
  test('finds a sound export sound, and says by which key', async () => {
    const { run } = await exportBundle(tenant, 'sound.tar.zst')
    const { state, verdict } = await verified(run)
    expect({ state, verdict }).toMatchObject({ state: 'completed', verdict: { ok: true, faults: [] } })
    expect(verdict?.content_root).toBe(run.content_root)
    const keys = (await (await fetch(`${stack.url}/export/keys`)).json()) as { keys: { id: string }[] }
    expect(verdict?.key_id).toBe(keys.keys[0]?.id)
  })

  test('is one verification, however often it is asked for while it goes on, and another afterwards', async () => {
    const { run } = await exportBundle(tenant, 'often.tar.zst')
    const ids = (await Promise.all(Array.from({ length: 5 }, () => ask(run)))).map(({ id }) => id)
    await until(async () => ((await listed(run)).every(({ state }) => state === 'completed') ? true : null))
    expect((await listed(run)).length).toBe(new Set(ids).size)
    expect(ids).not.toContain((await verified(run)).id)
  })

  test('names a stored bundle that was altered, and the document', async () => {
    const { run } = await exportBundle(tenant, 'altered.tar.zst')
    const manifest = await (await tenant.api(`/export/runs/${run.id}/manifest`)).arrayBuffer()
    const sha256 = createHash('sha256').update(Buffer.from(manifest)).digest('hex')
    await writeFile(await blobOf(run, sha256), Buffer.from(manifest).fill(0x20, 10, 12))
    await writeFile(await blobOf(run, run.bundle?.sha256 ?? ''), 'short')
    const { state, verdict } = await verified(run)
    expect({ state, ok: verdict?.ok }).toEqual({ state: 'completed', ok: false })
    expect(verdict?.faults).toEqual([
      { path: 'bundle.tar.zst', reason: 'what is stored is not what was sealed: blob/short' },
      { path: 'export.json', reason: 'what is stored is not what was sealed: blob/altered' },
    ])
  })

  test.each([
    ['altered', (path: string) => readFile(path).then((bytes) => writeFile(path, bytes.fill(0x20, 100, 102)))],
    ['absent', (path: string) => rm(path)],
  ])(
    'is not needed to see that a bundle is %s: a download is refused at once, and can be written again',
    async (how, damage) => {
      const { run, bundle } = await exportBundle(tenant, `${how}.tar.zst`)
      await damage(await blobOf(run, run.bundle?.sha256 ?? ''))
      const refused = await tenant.api(`/export/runs/${run.id}/download`)
      expect([refused.status, ((await refused.json()) as ProblemBody).code]).toEqual([500, `blob/${how}`])
      const download = await tenant.stella('export', 'run', 'download', run.id, '--out', `${how}-again.tar.zst`)
      expect(download).toMatchObject({ code: 6, stderr: expect.stringContaining('stella export reproduce') })
      expect(download.stderr).not.toContain('trying again')

      const rebuilt = join(tenant.directory, `${how}-rebuilt.tar.zst`)
      const outcome = await tenant.stella('export', 'reproduce', run.id, '--out', rebuilt, '--json')
      expect(outcome.code).toBe(6)
      const { damaged, files } = JSON.parse(outcome.stdout) as { damaged: string[]; files: { equal: boolean }[] }
      expect([damaged, files.every(({ equal }) => equal)]).toEqual([[run.id], true])
      const verdicts = [bundle, rebuilt].map((path) => tenant.json<{ content_root: string }>('export', 'verify', path))
      expect(new Set((await Promise.all(verdicts)).map((verdict) => verdict.content_root))).toEqual(
        new Set([run.content_root]),
      )
    },
  )

  test('is asked for by `stella export run verify`, which exits with 6 on a fault and names it', async () => {
    const { run } = await exportBundle(tenant, 'by-command.tar.zst')
    const sound = await tenant.stella('export', 'run', 'verify', run.id)
    expect(sound).toMatchObject({ code: 0, stdout: expect.stringMatching(/^verdict +sound$/m) })
    await writeFile(await blobOf(run, run.bundle?.sha256 ?? ''), 'short')
    const unsound = await tenant.stella('export', 'run', 'verify', run.id)
    expect(unsound).toMatchObject({ code: 6, stderr: expect.stringContaining(`stella export reproduce ${run.id}`) })
    expect(unsound.stdout).toContain('bundle.tar.zst: what is stored is not what was sealed')
    const { items } = await tenant.json<{ items: Verification[] }>('export', 'run', 'verifications', run.id)
    expect(items.map(({ verdict }) => verdict?.ok)).toEqual([false, true])
    expect((await tenant.stella('export', 'run', 'verify', 'run_of_nobody')).code).toBe(4)
  })

  test('goes on where its worker was killed', async () => {
    const { run } = await exportBundle(tenant, 'killed.tar.zst')
    const { id } = await ask(run)
    for (const worker of stack.processes.workers) await worker.kill('SIGKILL')
    const done = await until(
      async () => (await listed(run)).find((one) => one.id === id && one.state !== 'requested') ?? null,
    )
    expect(done.verdict?.ok).toBe(true)
  })
})

import { createHash } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'

import { FaultProxy } from '@stella/adapters/testing'
import type { Run } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { manyAdvisories } from '../support/many-advisories.ts'
import { createProfile, exportBundle, openTenant, post, type Tenant } from '../support/tenant.ts'

const INTERRUPTIONS = 100

let stack: TestStack
let tenant: Tenant
let proxy: FaultProxy
let run: Run
let bytes: Buffer

beforeAll(async () => {
  stack = await startTestStack()
  proxy = await FaultProxy.start(Number(new URL(stack.url).port))
  tenant = await openTenant({ ...stack, url: `http://127.0.0.1:${proxy.port}` }, 'interrupted')
  await createProfile(tenant)
  await post(tenant, manyAdvisories(100_000))
  const exported = await exportBundle(tenant, 'whole.tar.zst')
  run = exported.run
  bytes = readFileSync(exported.bundle)
})
afterAll(async () => {
  await proxy?.stop()
  await stack?.stop()
})

/** Offsets without a pattern, always the same (mulberry32). */
function offsets(): number[] {
  let state = 8
  return Array.from({ length: INTERRUPTIONS }, () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bytes.length
  })
}

/** Asks for the bundle from an offset on, and hangs up after so many bytes. */
async function fetchPart(from: number, count: number): Promise<Buffer> {
  const url = `${stack.url}/export/runs/${run.id}/download`
  const headers = {
    authorization: `Bearer ${tenant.token}`,
    ...(from === 0 ? {} : { range: `bytes=${from}-`, 'if-range': `"${run.bundle?.sha256}"` }),
  }
  const response = await new Promise<IncomingMessage>((resolve, reject) =>
    get(url, { headers }, resolve).on('error', reject),
  )
  expect(response.statusCode).toBe(from === 0 ? 200 : 206)
  const parts: Buffer[] = []
  let received = 0
  for await (const part of response) {
    parts.push(part as Buffer)
    received += (part as Buffer).length
    if (received >= count) break
  }
  return Buffer.concat(parts).subarray(0, count)
}

describe(`a download that is interrupted at ${INTERRUPTIONS} offsets`, () => {
  test('over HTTP, goes on by range each time and gives the same bytes', async () => {
    expect(bytes.length).toBeGreaterThan(16 * 1024 * 1024)
    for (const offset of offsets()) {
      const whole = Buffer.concat([await fetchPart(0, offset), await fetchPart(offset, bytes.length - offset)])
      expect(whole.equals(bytes), `interrupted at ${offset}`).toBe(true)
    }
    // All of them in one download.
    const parts: Buffer[] = []
    const bounds = [0, ...offsets().toSorted((a, b) => a - b), bytes.length]
    for (const [at, from] of bounds.slice(0, -1).entries())
      parts.push(await fetchPart(from, (bounds[at + 1] ?? 0) - from))
    expect(createHash('sha256').update(Buffer.concat(parts)).digest('hex')).toBe(run.bundle?.sha256)
  })

  test('by stella, goes on by itself, and what it wrote verifies', async () => {
    const out = join(tenant.directory, 'interrupted.tar.zst')
    for (const afterBytes of offsets()) {
      // A whole bundle that is there already is not fetched again.
      rmSync(out, { force: true })
      let cut = 0
      proxy.script = ({ url }) => (url.endsWith('/download') && cut++ === 0 ? { kind: 'cut-answer', afterBytes } : null)
      const outcome = await tenant.stella('export', 'run', 'download', run.id, '--out', out)
      expect(outcome, outcome.stderr).toMatchObject({ code: 0 })
      expect(cut).toBe(2)
      expect(readFileSync(out).equals(bytes), `interrupted after ${afterBytes}`).toBe(true)
    }
    expect(await tenant.json('export', 'verify', out)).toMatchObject({ ok: true })
  })
})

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import type { Run } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lacksJudge } from '../support/judge.ts'
import { createProfile, exportBundle, ingest, openTenant, samples, type Tenant, until } from '../support/tenant.ts'

const INSTALL = 'npm install --prefix DIRECTORY deno@2.9.6, then put node_modules/@deno/linux-x64-glibc on the PATH'

describe.skipIf(lacksJudge('deno', INSTALL))('the API under Deno', () => {
  let stack: TestStack
  let tenant: Tenant
  let run: Run
  let deno: ChildProcess
  let url: string

  beforeAll(async () => {
    stack = await startTestStack()
    tenant = await openTenant(stack, 'deno')
    await ingest(tenant, join(samples, 'advisories'), join(samples, 'vex'), join(samples, 'sboms'))
    await createProfile(tenant)
    run = (await exportBundle(tenant, 'deno.tar.zst')).run
    const program = fileURLToPath(new URL('deno-gateway.mjs', import.meta.url))
    // The settings of the gateway on Node; what else Node was given is its own.
    const settings = readFileSync(`/proc/${stack.processes.gateway.pid}/environ`, 'utf8')
      .split('\0')
      .filter((line) => line !== '' && !line.startsWith('NODE_'))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])
    const words = ['run', '--allow-all', '--no-remote', '--node-modules-dir=manual', program]
    deno = spawn('deno', words, { env: Object.fromEntries(settings), stdio: ['ignore', 'pipe', 'inherit'] })
    if (!deno.stdout) throw new Error('deno was started without its output')
    const ended = once(deno, 'exit').then(([code]) => Promise.reject(new Error(`deno ended with ${code}`)))
    const [line] = await Promise.race([once(createInterface(deno.stdout), 'line'), ended])
    url = String(line)
  })
  afterAll(async () => {
    deno?.kill()
    await stack?.stop()
  })

  /** What callers may rely on of an answer; a time and the id of a request are each answer's own. */
  async function answerOf(base: string, path: string, init: RequestInit = {}) {
    const headers = { authorization: `Bearer ${tenant.token}`, 'x-request-id': 'same', ...init.headers }
    const response = await fetch(`${base}${path}`, { ...init, headers, redirect: 'manual' })
    const named = [
      'content-type',
      'etag',
      'content-range',
      'content-length',
      'allow',
      'location',
      'repr-digest',
      'cache-control',
    ]
    return {
      status: response.status,
      headers: Object.fromEntries(named.map((name) => [name, response.headers.get(name)])),
      body: Buffer.from(await response.arrayBuffer()).toString('base64'),
    }
  }

  const json = (value: unknown, headers: Record<string, string> = {}): RequestInit => ({
    method: 'POST',
    body: typeof value === 'string' ? value : JSON.stringify(value),
    headers: { 'content-type': 'application/json', ...headers },
  })

  test.each<[string, number, () => string, (() => RequestInit)?]>([
    ['health', 200, () => '/health/ready'],
    ['its own description', 200, () => '/openapi.json'],
    ['public keys', 200, () => '/export/keys'],
    ['a page of profiles', 200, () => '/export/profiles?limit=1'],
    ['a profile', 200, () => '/export/profiles/prof_json_raw'],
    [
      'a profile that the caller has',
      304,
      () => '/export/profiles/prof_json_raw',
      () => ({ headers: { 'if-none-match': '*' } }),
    ],
    [
      'a change without If-Match',
      428,
      () => '/export/profiles/prof_json_raw',
      () => ({ ...json({}), method: 'PATCH' }),
    ],
    ['a run', 200, () => `/export/runs/${run.id}`],
    ['a page of runs', 200, () => '/export/runs'],
    ['a manifest', 200, () => `/export/runs/${run.id}/manifest`],
    ['signatures', 200, () => `/export/runs/${run.id}/signatures`],
    ['a bundle', 200, () => `/export/runs/${run.id}/download`],
    ['part of a bundle', 206, () => `/export/runs/${run.id}/download`, () => ({ headers: { range: 'bytes=100-299' } })],
    [
      'a range outside of it',
      416,
      () => `/export/runs/${run.id}/download`,
      () => ({ headers: { range: 'bytes=99999999-' } }),
    ],
    ['the head of a bundle', 200, () => `/export/runs/${run.id}/download`, () => ({ method: 'HEAD' })],
    ['the ledger', 200, () => '/ledger/advisories'],
    ['a preview', 200, () => '/export/plans', () => json({ profile_id: 'prof_json_raw' })],
    ['a body that is not JSON', 400, () => '/export/plans', () => json('{')],
    ['an unknown member', 400, () => '/export/plans', () => json({ profile: 'prof_json_raw' })],
    ['an unknown parameter', 400, () => '/export/runs?what=ever'],
    ['no token', 401, () => '/export/runs', () => ({ headers: { authorization: '' } })],
    ['what is not there', 404, () => '/export/runs/run_none'],
    ['another method', 405, () => '/export/keys', () => ({ method: 'DELETE' })],
  ])('answers %s with %i, byte for byte as under Node', async (_, status, path, init = () => ({})) => {
    const [node, ours] = [await answerOf(stack.url, path(), init()), await answerOf(url, path(), init())]
    expect(ours).toEqual(node)
    expect(ours.status).toBe(status)
  })

  test('creates a run once, whichever of the two is asked, and takes in documents', async () => {
    const once = () => json({ profile_id: 'prof_json_raw' }, { 'idempotency-key': 'deno-1' })
    const created = await answerOf(url, '/export/runs', once())
    expect(created.status).toBe(202)
    expect((await answerOf(stack.url, '/export/runs', once())).body).toBe(created.body)

    const document = readFileSync(join(samples, 'advisories', 'npm-lodash-2021-23337.json'))
    const accepted = await answerOf(url, '/ledger/ingest', { method: 'POST', body: document })
    expect(accepted.status).toBe(202)
    const batch = await until(async () => {
      const answer = await answerOf(url, accepted.headers.location ?? '')
      const read = JSON.parse(Buffer.from(answer.body, 'base64').toString()) as { state: string; summary: unknown }
      return read.state === 'completed' ? read : null
    })
    expect(batch.summary).toMatchObject({ read: 1, unchanged: 1, refused: [] })
  })
})

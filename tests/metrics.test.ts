import { spawnSync } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Run } from '@stella/contracts'
import { parseDatabaseUrl } from '@stella/core'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { lacksJudge } from './support/judge.ts'
import { createProfile, exportBundle, ingest, openTenant, samples, type Tenant, until } from './support/tenant.ts'
import { isReady, openUpdates } from './support/updates.ts'

const noPromtool = lacksJudge('promtool', 'apt-get install prometheus')
let stack: TestStack
let tenant: Tenant

beforeAll(async () => {
  stack = await startTestStack({ env: { STELLA_METRICS_PORT: '0' } })
  tenant = await openTenant(stack, 'metrics')
  await createProfile(tenant)
  await ingest(tenant, samples)
  await exportBundle(tenant, 'bundle.tar.zst')
})
afterAll(() => stack?.stop())

async function logOf(process: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(join(stack.home, 'logs', `${process}.log`), 'utf8')
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

async function metricsOf(process: string): Promise<string> {
  const { url } = (await logOf(process)).findLast(({ message }) => message === 'metrics') ?? {}
  return (await fetch(String(url))).text()
}

describe('/metrics', () => {
  test('of gateway and worker tell what the specification names', async () => {
    const worker = await metricsOf('worker-1')
    for (const line of [
      /^export_bytes_total\{profile="prof_json_raw",tenant="metrics"\} [1-9]\d*$/m,
      /^export_records_total\{type="advisories"\} [1-9]\d*$/m,
      /^export_duration_ms_count\{profile="prof_json_raw"\} 1$/m,
      /^export_verify_fail_total 0$/m,
    ])
      expect(worker).toMatch(line)
    const gateway = await metricsOf('gateway')
    for (const line of [
      /^export_distributions_total\{type="download"\} 1$/m,
      /^export_queue_jobs\{step="plan",state="pending"\} 0$/m,
      /^http_requests_total\{method="POST",route="createRun",status="202"\} 1$/m,
      /^http_request_duration_seconds_count\{method="GET",route="getRun"\} \d+$/m,
      /^updates_readers 0$/m,
    ])
      expect(gateway).toMatch(line)
  })

  test('are counted where a run fails', async () => {
    const line = JSON.stringify({ id: 'BAD-1', modified: '2024-01-01T00:00:00Z', affected: [{ surprise: true }] })
    await tenant.api('/ledger/ingest', { method: 'POST', body: line })
    await until(async () => {
      const body = JSON.stringify({ profile_id: 'prof_json_raw' })
      const { id } = (await (await tenant.api('/export/runs', { method: 'POST', body })).json()) as Run
      const run = await until(async () => {
        const now = (await (await tenant.api(`/export/runs/${id}`)).json()) as Run
        return ['failed', 'succeeded'].includes(now.state) ? now : null
      })
      return run.state === 'failed' ? run : null
    })
    expect(await metricsOf('worker-1')).toMatch(/^export_failures_total\{error_class="schema_mismatch"\} 1$/m)
  })

  test('are not on the address of the API, and their address serves nothing else', async () => {
    expect((await fetch(`${stack.url}/metrics`)).status).toBe(404)
    const { url } = (await logOf('gateway')).findLast(({ message }) => message === 'metrics') ?? {}
    expect((await fetch(new URL('/export/runs', String(url)))).status).toBe(404)
  })

  test.skipIf(noPromtool).each(['gateway', 'worker-1'])(
    'promtool finds the text of %s well-formed',
    async (process) => {
      const { status, stderr, stdout } = spawnSync('promtool', ['check', 'metrics'], {
        input: await metricsOf(process),
        encoding: 'utf8',
      })
      // The specification's own name for durations is not what promtool's style asks for; all else is.
      const complaints = `${stdout}${stderr}`
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('export_duration_ms '))
      expect([complaints, status === 0 || status === 3]).toEqual([[], true])
    },
  )
})

describe('GET /export/metrics/overview', () => {
  test('tells a tenant its own numbers, and another tenant its own', async () => {
    const answer = await tenant.api('/export/metrics/overview')
    expect(await answer.json()).toMatchObject({
      runs: { succeeded: expect.any(Number) },
      last_24h: { bytes: expect.any(Number), duration_ms: { p50: expect.any(Number) } },
      ledger: { revision: expect.any(Number) },
    })
    const other = await openTenant(stack, 'metrics-other', 'Export.Viewer')
    expect(await (await other.api('/export/metrics/overview')).json()).toMatchObject({
      runs: { succeeded: 0 },
      ledger: { revision: 0, documents: 0 },
      sources: [],
    })
  })
})

describe('the log', () => {
  test('has a line for each request, with the id that the answer carries', async () => {
    const given = await tenant.api('/export/runs?limit=1', { headers: { 'x-request-id': 'req-of.caller_1' } })
    expect(given.headers.get('x-request-id')).toBe('req-of.caller_1')
    const forged = await tenant.api('/export/runs', { headers: { 'x-request-id': 'a"b{}' } })
    expect(forged.headers.get('x-request-id')).toMatch(/^req_[0-9a-f-]{36}$/)
    const lines = await until(async () => {
      const lines = await logOf('gateway')
      return lines.some(({ request_id }) => request_id === 'req-of.caller_1') ? lines : null
    })
    expect(lines).toContainEqual(
      expect.objectContaining({
        message: 'request',
        request_id: 'req-of.caller_1',
        method: 'GET',
        route: 'listRuns',
        path: '/export/runs',
        status: 200,
        tenant_id: 'metrics',
      }),
    )
    expect(lines.filter(({ route }) => route === 'live' || route === 'ready')).toEqual([])
  })

  test('of no process holds a token, a password or a key', async () => {
    const protocols = ['stella.updates.v1', `stella.bearer.${tenant.token}`]
    const reader = await openUpdates(stack.url, '', { protocols })
    await reader.until(isReady)
    reader.socket.close()
    await tenant.api('/export/runs?access_token=s3cr3t-in-a-query').catch(() => undefined)
    const key = await readFile(join(stack.devDir, 'signing-key.pem'), 'utf8')
    const secrets = [
      tenant.token,
      tenant.token.split('.')[2] ?? '',
      's3cr3t-in-a-query',
      parseDatabaseUrl(stack.databaseUrl).password,
      parseDatabaseUrl(stack.databaseOwnerUrl).password,
      decodeURIComponent(new URL(stack.natsUrl).password),
      key.split('\n')[1] ?? '',
    ].filter((secret) => secret !== '')
    expect(secrets.length).toBeGreaterThan(4)
    for (const file of await readdir(join(stack.home, 'logs'))) {
      const text = await readFile(join(stack.home, 'logs', file), 'utf8')
      expect(
        secrets.filter((secret) => text.includes(secret)),
        file,
      ).toEqual([])
    }
  })
})

describe('the head of a request', () => {
  test('that is too large answers 431, one that does not come is cut off, and a half-closed socket gets its answer', async () => {
    const ask = (text: string, { end = false } = {}) =>
      new Promise<string>((resolve, reject) => {
        const { port, hostname } = new URL(stack.url)
        let answer = ''
        const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true }, () =>
          end ? socket.end(text) : socket.write(text),
        )
        socket.on('data', (chunk) => {
          answer += chunk
        })
        socket.on('close', () => resolve(answer))
        socket.on('end', () => socket.end())
        socket.on('error', reject)
      })
    const head = 'GET /health/live HTTP/1.1\r\nhost: x\r\n'
    expect(await ask(`${head}x-large: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /)
    expect(await ask(`${head}x-slow: `)).toMatch(/^HTTP\/1\.1 408 /)
    expect(await ask(`${head}connection: close\r\n\r\n`, { end: true })).toMatch(/^HTTP\/1\.1 200 [\s\S]*"live"/)
  })
})

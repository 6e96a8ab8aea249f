import { execFile } from 'node:child_process'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { type Role, roles } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { lacksJudge } from '../support/judge.ts'
import { createProfile, exportBundle, ingest, openTenant, samples } from '../support/tenant.ts'

/** What every answer must be: no failure of the server, and nothing that the OpenAPI document does not say. */
const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'unsupported_method',
  'allow_header_conformance',
  'negative_data_rejection',
  'ignored_auth',
]
/** A request with a fault may be refused by these; the tool knows neither 428 nor 431. */
const config = `[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 428, 431]
`
const EXAMPLES = '20'
const SECONDS = '90'
const OUTPUT_BYTES = 64 * 1024 * 1024

let stack: TestStack

beforeAll(async () => {
  // More requests than a tenant may send in a minute.
  stack = await startTestStack({
    env: { STELLA_TENANT_REQUESTS_PER_MINUTE: '1000000', STELLA_PROFILE_RUNS_PER_MINUTE: '1000000' },
  })
  const owner = await openTenant(stack, 'fuzz')
  await createProfile(owner)
  await ingest(owner, samples)
  await exportBundle(owner, 'fuzzed.tar.zst')
})
afterAll(() => stack?.stop())

/** Runs schemathesis against the served document; answers what it said where it found something, else nothing. */
async function fuzz(role: Role | null): Promise<string> {
  const token = role === null ? null : await stack.token({ tenant: 'fuzz', roles: [role] })
  const args = [
    ...['run', `${stack.url}/openapi.json`, '--checks', checks.join(','), '--seed', '1', '--no-color'],
    ...['--max-examples', EXAMPLES, '--max-time', SECONDS, '--suppress-health-check', 'all', '--warnings', 'off'],
    // A WebSocket answers 101, which no HTTP client waits for.
    ...['--exclude-operation-id', 'streamUpdates'],
    ...(token === null ? [] : ['--header', `Authorization: Bearer ${token}`]),
  ]
  const cwd = await mkdtemp(join(tmpdir(), 'stella-fuzz-'))
  await writeFile(join(cwd, 'schemathesis.toml'), config)
  return new Promise((resolve) => {
    execFile('schemathesis', args, { cwd, maxBuffer: OUTPUT_BYTES }, (error, stdout, stderr) =>
      resolve(error ? `${stdout}${stderr}` : ''),
    )
  })
}

const install =
  'python3 -m venv schemathesis && schemathesis/bin/pip install schemathesis==4.32.5, then put its bin on PATH'

describe.skipIf(lacksJudge('schemathesis', install))('the API, fuzzed by its own document', () => {
  test.each([null, ...roles])('as %s, answers nothing that the document does not say', async (role) => {
    expect(await fuzz(role)).toBe('')
  })
})

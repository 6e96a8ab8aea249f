import { execFile } from 'node:child_process'
import { mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { Ingest, IngestSummary, Role, Run } from '@stella/contracts'
import type { Stack } from '@stella/deploy'

import { requireDocumented } from './documented.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const STELLA = join(ROOT, 'cli/bin/stella.js')
const OUTPUT_BYTES = 64 * 1024 * 1024

/** The evidence that lies in this repository. */
export const samples = join(ROOT, 'samples')
/** Real evidence beside the repository; tests that need it skip where it is absent. */
export const corpus = join(ROOT, '../shared/corpus')

/** What a command of `stella` did. */
export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A tenant of a running stack, as its users see it: the command line and the API, with a token of its own. */
export interface Tenant {
  readonly id: string
  /** Address of the stack. */
  readonly url: string
  readonly token: string
  /** Directory for downloads. */
  readonly directory: string
  /** Runs `stella` as a user would. */
  stella(...args: string[]): Promise<Outcome>
  /** Runs `cat path | stella …`. */
  pipe(path: string, ...args: string[]): Promise<Outcome>
  /** Runs `stella … --json` and parses what it printed; fails unless it exits with 0. */
  json<T>(...args: string[]): Promise<T>
  /** Sends a request, text as JSON unless it says what it is; the answer is held to the table of endpoints. */
  api(path: string, init?: RequestInit): Promise<Response>
}

/** Opens a tenant. Its command line keeps its pinned keys in a directory of its own. */
export async function openTenant(
  stack: Pick<Stack, 'url' | 'token' | 'devDir'>,
  id: string,
  role: Role = 'Export.Admin',
): Promise<Tenant> {
  const token = await stack.token({ tenant: id, roles: [role] })
  const directory = await mkdtemp(join(tmpdir(), `stella-${id}-`))
  const env = {
    ...process.env,
    STELLA_URL: stack.url,
    STELLA_TOKEN: token,
    STELLA_DEV_DIR: stack.devDir,
    XDG_CONFIG_HOME: directory,
  }
  const options = { cwd: directory, env }
  const stella = (...args: string[]) => run(process.execPath, [STELLA, ...args], options)
  return {
    id,
    url: stack.url,
    token,
    directory,
    stella,
    pipe: (path, ...args) => run('sh', ['-c', 'cat "$0" | "$@"', path, process.execPath, STELLA, ...args], options),
    async api(path, init) {
      const json = typeof init?.body === 'string' ? { 'content-type': 'application/json' } : {}
      const headers = { authorization: `Bearer ${token}`, ...json, ...init?.headers }
      const answer = await fetch(`${stack.url}${path}`, { ...init, headers })
      await requireDocumented(init?.method ?? 'GET', path, answer)
      return answer
    },
    async json<T>(...args: string[]): Promise<T> {
      const outcome = await stella(...args, '--json')
      if (outcome.code !== 0)
        throw new Error(`stella ${args.join(' ')} exited with ${outcome.code}: ${outcome.stderr}${outcome.stdout}`)
      return JSON.parse(outcome.stdout) as T
    },
  }
}

type RunOptions = { cwd: string; env: NodeJS.ProcessEnv }

function run(program: string, args: readonly string[], options: RunOptions): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(program, args, { ...options, maxBuffer: OUTPUT_BYTES }, (error, stdout, stderr) => {
      const code = typeof error?.code === 'number' ? error.code : error ? -1 : 0
      resolve({ code, stdout, stderr })
    })
  })
}

/** Ingests paths and returns the summary. */
export function ingest(tenant: Tenant, ...paths: string[]): Promise<IngestSummary> {
  return tenant.json<IngestSummary>('ingest', ...paths)
}

/** Creates the profile `json raw` and returns its id. */
export async function createProfile(tenant: Tenant): Promise<string> {
  const response = await tenant.api('/export/profiles', {
    method: 'POST',
    body: JSON.stringify({ name: 'json raw', kind: 'json', variant: 'raw' }),
  })
  if (response.status !== 201) throw new Error(`no profile: ${response.status} ${await response.text()}`)
  return ((await response.json()) as { id: string }).id
}

/** Runs an export and downloads it; returns the run and the path of the bundle. */
export async function exportBundle(
  tenant: Tenant,
  name: string,
  ...filters: string[]
): Promise<{ run: Run; bundle: string }> {
  const bundle = join(tenant.directory, name)
  const created = await tenant.json<Run>(
    'export',
    'run',
    'create',
    '--profile',
    'prof_json_raw',
    ...filters,
    '--wait',
    '--force',
    '--download',
    bundle,
  )
  return { run: created, bundle }
}

/** Posts a body to the ledger and waits for its batch, over the API alone. */
export async function post(tenant: Tenant, body: string | Uint8Array, query = ''): Promise<Ingest> {
  const accepted = await tenant.api(`/ledger/ingest${query}`, { method: 'POST', body })
  if (accepted.status !== 202) throw new Error(`not accepted: ${accepted.status} ${await accepted.text()}`)
  const { id } = (await accepted.json()) as Ingest
  return until(async () => {
    const batch = (await (await tenant.api(`/ledger/ingests/${id}`)).json()) as Ingest
    return batch.state === 'completed' || batch.state === 'failed' ? batch : null
  })
}

const POLL_MS = 50
const POLLS = 2400

/** Asks again until there is an answer, for at most two minutes. */
export async function until<T>(ask: () => Promise<T | null>): Promise<T> {
  for (let poll = 0; poll < POLLS; poll++) {
    const answer = await ask()
    if (answer !== null) return answer
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  throw new Error('it did not come about within two minutes')
}

/** Paths of all files under a directory, sorted. Where a folder vanishes while it is read, all are read again. */
export async function filesUnder(directory: string): Promise<string[]> {
  const entries = await until(() =>
    readdir(directory, { recursive: true, withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null
      throw error
    }),
  )
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

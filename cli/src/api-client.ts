import {
  type AuditEntry,
  auditEntry,
  type Ingest,
  ingest,
  type NewProfile,
  type NewRun,
  type Profile,
  type PublicKey,
  pageOf,
  profile,
  publicKeys,
  type Run,
  run,
  type SignatureFiles,
  signatureFiles,
  unreadPage,
} from '@stella/contracts'

import { answerProblem } from './answer-problem.ts'
import { CommandFailure } from './command-failure.ts'
import { ServerUnreachable } from './retryable.ts'
import type { Settings } from './settings.ts'

/** A page of a list, as the API gives it. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly next_cursor: string | null
}
/** Query of a request; members that are undefined are left out. */
export type Query = Readonly<Record<string, string | undefined>>
/** A sealed document of a run. */
export type RunDocument = 'manifest' | 'provenance'

/** The API of the gateway, each answer parsed by its contract. Every method throws a `Problem` that the gateway named. */
export interface ApiClient {
  createProfile(body: NewProfile): Promise<Profile>
  listProfiles(query: Query): Promise<Page<Profile>>
  getProfile(id: string): Promise<Profile>
  createRun(body: NewRun): Promise<Run>
  listRuns(query: Query): Promise<Page<Run>>
  getRun(id: string): Promise<Run>
  cancelRun(id: string): Promise<Run>
  reproduceRun(id: string): Promise<Run>
  /** The bytes as they were sealed. */
  runDocument(id: string, document: RunDocument): Promise<Buffer>
  runSignatures(id: string): Promise<SignatureFiles>
  /** The bundle from byte `from`, where it is still the one of `sha256`; else from the start, with status 200. */
  openDownload(id: string, part: { readonly from: number; readonly sha256: string }): Promise<Response>
  listKeys(): Promise<readonly PublicKey[]>
  ingest(body: AsyncIterable<Uint8Array>, query: Query, mediaType: string): Promise<Ingest>
  getIngest(id: string): Promise<Ingest>
  listAudit(query: Query): Promise<Page<AuditEntry>>
  /** The same, unparsed: an entry that was tampered with may be none. */
  readAudit(query: Query): Promise<Page<unknown>>
}

interface Call {
  readonly method?: 'GET' | 'POST'
  readonly query?: Query
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | AsyncIterable<Uint8Array>
}
interface Parser<T> {
  parse(value: unknown): T
}

/** A client of the API at `settings.url`, with `settings.token`; `signal` ends its requests. */
export function createApiClient(settings: Pick<Settings, 'url' | 'token'>, signal: AbortSignal): ApiClient {
  const send = (what: string, path: string, call: Call = {}) => sendCall({ settings, signal, what, path, call })
  async function ask<T>(contract: Parser<T>, what: string, path: string, call?: Call): Promise<T> {
    return parseAnswer(contract, await readJson(await send(what, path, call)), path)
  }
  /** Asks about a run: `what` says what cannot be done with it. */
  const askRun = (id: string, what: string, call?: Call, action = '') =>
    ask(run, `run ${id} cannot be ${what}`, `${runPath(id)}${action}`, call)

  return {
    createProfile: (body) =>
      ask(profile, `the profile ${body.name} cannot be created`, '/export/profiles', jsonCall(body)),
    listProfiles: (query) => ask(pageOf(profile), 'the profiles cannot be listed', '/export/profiles', { query }),
    getProfile: (id) => ask(profile, `profile ${id} cannot be shown`, `/export/profiles/${encodeURIComponent(id)}`),
    createRun: (body) => ask(run, 'the run cannot be created', '/export/runs', jsonCall(body)),
    listRuns: (query) => ask(pageOf(run), 'the runs cannot be listed', '/export/runs', { query }),
    getRun: (id) => askRun(id, 'shown'),
    cancelRun: (id) => askRun(id, 'cancelled', { method: 'POST' }, '/cancel'),
    reproduceRun: (id) => askRun(id, 'reproduced', { method: 'POST' }, '/reproduce'),
    runDocument: async (id, document) => {
      const response = await send(`the ${document} of run ${id} cannot be shown`, `${runPath(id)}/${document}`)
      return Buffer.from(await response.arrayBuffer())
    },
    runSignatures: (id) =>
      ask(signatureFiles, `the signatures of run ${id} cannot be shown`, `${runPath(id)}/signatures`),
    openDownload: (id, { from, sha256 }) =>
      send(`the bundle of run ${id} cannot be downloaded`, `${runPath(id)}/download`, {
        headers: rangeHeaders(from, sha256),
      }),
    listKeys: async () => (await ask(publicKeys, "the server's keys cannot be listed", '/export/keys')).keys,
    ingest: (body, query, mediaType) =>
      ask(ingest, 'the documents cannot be ingested', '/ledger/ingest', {
        method: 'POST',
        query,
        headers: { 'content-type': mediaType },
        body: filled(body),
      }),
    getIngest: (id) => ask(ingest, `ingest ${id} cannot be shown`, `/ledger/ingests/${encodeURIComponent(id)}`),
    listAudit: (query) => ask(pageOf(auditEntry), 'the audit log cannot be listed', '/audit', { query }),
    readAudit: (query) => ask(unreadPage, 'the audit log cannot be read', '/audit', { query }),
  }
}

function runPath(id: string): string {
  return `/export/runs/${encodeURIComponent(id)}`
}

function jsonCall(body: unknown): Call {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

/** Bytes as they are stored: a coded body could not be resumed (RFC 9110, section 14.2; `If-Range`, section 13.1.5). */
function rangeHeaders(from: number, sha256: string): Record<string, string> {
  const identity = { 'accept-encoding': 'identity' }
  return from === 0 ? identity : { ...identity, range: `bytes=${from}-`, 'if-range': `"${sha256}"` }
}

/** Node 20's fetch never answers where a body's only chunk is empty. */
async function* filled(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) if (chunk.byteLength > 0) yield chunk
}

interface Sending {
  readonly settings: Pick<Settings, 'url' | 'token'>
  readonly signal: AbortSignal
  /** What could not be done where it fails. */
  readonly what: string
  readonly path: string
  readonly call: Call
}

async function sendCall({ settings, signal, what, path, call }: Sending): Promise<Response> {
  const { method = 'GET', query = {}, headers = {}, body } = call
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const search = given.length > 0 ? `?${new URLSearchParams(given)}` : ''
  const request: RequestInit = {
    method,
    headers: { ...headers, ...(settings.token === null ? {} : { authorization: `Bearer ${settings.token}` }) },
    signal,
    redirect: 'error',
    ...(body === undefined ? {} : { body, duplex: 'half' }),
  }
  const response = await reach(settings.url, () => fetch(`${settings.url}${path}${search}`, request))
  if (!response.ok) throw await answerProblem(response, what)
  return response
}

async function reach<T>(url: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request()
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    // What a body's own source threw says more than fetch's "fetch failed".
    if (cause.cause instanceof CommandFailure) throw cause.cause
    throw new ServerUnreachable(url, reasonOf(cause), { cause })
  }
}

function reasonOf({ cause, message }: Error): string {
  if (!(cause instanceof Error)) return message
  return cause.message || ('code' in cause ? String(cause.code) : message)
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json()
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw new CommandFailure(
      'failed',
      `the answer of ${response.url} cannot be read: it is not JSON`,
      'is STELLA_URL right?',
      { cause },
    )
  }
}

function parseAnswer<T>(contract: Parser<T>, value: unknown, path: string): T {
  try {
    return contract.parse(value)
  } catch (cause) {
    const advice = 'use a stella of the same version as the server'
    throw new CommandFailure('failed', `the answer of ${path} cannot be read: it is not of this version`, advice, {
      cause,
    })
  }
}

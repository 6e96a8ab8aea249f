import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import {
  type AuditEntry,
  auditEntry,
  type Ingest,
  ingest,
  MAX_CREATE_ATTEMPTS,
  mediaTypes,
  type NewProfile,
  type NewRun,
  type PlanPreview,
  Problem,
  type Profile,
  type PublicKey,
  pageOf,
  planPreview,
  profile,
  publicKeys,
  type Run,
  run,
  type SignatureFiles,
  signatureFiles,
  unreadPage,
  type Verification,
  verification,
} from '@stella/contracts'
import { CommandFailure } from '@stella/core'

import { answerProblem } from './answer-problem.ts'
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
/** A profile, and the tag of the revision that was read. */
export interface TaggedProfile {
  readonly profile: Profile
  readonly etag: string
}
/** A body that can be sent once, or one that can be made again for a retry. */
export type StreamBody = AsyncIterable<Uint8Array> | (() => AsyncIterable<Uint8Array>)

/**
 * The API of the gateway, each answer parsed by its contract. Every method throws a `Problem` that the gateway named. Those that create send
 * an `Idempotency-Key` of their own, and are sent again with it where the connection breaks.
 */
export interface ApiClient {
  createProfile(body: NewProfile): Promise<Profile>
  listProfiles(query: Query): Promise<Page<Profile>>
  getProfile(id: string): Promise<Profile>
  openProfile(id: string): Promise<TaggedProfile>
  /** Patches the profile, unless it is another than the one of `etag`. */
  changeProfile(opened: TaggedProfile, patch: unknown): Promise<Profile>
  /** Deletes the profile, unless it is another than the one of `etag`. */
  deleteProfile(opened: TaggedProfile): Promise<void>
  previewPlan(body: NewRun): Promise<PlanPreview>
  createRun(body: NewRun): Promise<Run>
  listRuns(query: Query): Promise<Page<Run>>
  getRun(id: string): Promise<Run>
  cancelRun(id: string): Promise<Run>
  reproduceRun(id: string): Promise<Run>
  /** The verification that this asks for, or the one that is under way. */
  verifyRun(id: string): Promise<Verification>
  listVerifications(id: string, query: Query): Promise<Page<Verification>>
  /** The bytes as they were sealed. */
  runDocument(id: string, document: RunDocument): Promise<Buffer>
  runSignatures(id: string): Promise<SignatureFiles>
  /** The bundle from byte `from`, where it is still the one of `sha256`; else from the start, with status 200. */
  openDownload(id: string, part: { readonly from: number; readonly sha256: string }): Promise<Response>
  listKeys(): Promise<readonly PublicKey[]>
  ingest(body: StreamBody, query: Query, mediaType: string): Promise<Ingest>
  getIngest(id: string): Promise<Ingest>
  listAudit(query: Query): Promise<Page<AuditEntry>>
  /** The same, unparsed: an entry that was tampered with may be none. */
  readAudit(query: Query): Promise<Page<unknown>>
}

/** Pause before the first retry of a request that creates, in milliseconds; each later one is twice as long. */
const RETRY_MS = 100

interface Call {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly query?: Query
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | StreamBody
}
interface Parser<T> {
  parse(value: unknown): T
}

/** A client of the API at `settings.url`, with `settings.token`; `signal` ends its requests. */
export function createApiClient(settings: Pick<Settings, 'url' | 'token'>, signal: AbortSignal): ApiClient {
  const send = (what: string, path: string, call: Call = {}) => sendCall({ settings, signal, what, path, call })
  async function ask<T>(contract: Parser<T>, what: string, path: string, call?: Call): Promise<T> {
    return parseAnswer(contract, await readJson(settings.url, await send(what, path, call)), path)
  }
  /** Asks for something to be created, once: the key is the same in every attempt. */
  function create<T>(contract: Parser<T>, what: string, path: string, call: Call): Promise<T> {
    const headers = { ...call.headers, 'idempotency-key': randomUUID() }
    const attempt = () => ask(contract, what, path, { ...call, headers })
    const isOneShot = call.body !== undefined && typeof call.body === 'object'
    return isOneShot ? attempt() : whileUnreachable(attempt, signal)
  }
  /** Asks about a run: `what` says what cannot be done with it. */
  const askRun = (id: string, what: string, call?: Call, action = '') =>
    ask(run, `run ${id} cannot be ${what}`, `${runPath(id)}${action}`, call)

  return {
    createProfile: (body) =>
      create(profile, `the profile ${body.name} cannot be created`, '/export/profiles', jsonCall(body)),
    listProfiles: (query) => ask(pageOf(profile), 'the profiles cannot be listed', '/export/profiles', { query }),
    getProfile: (id) => ask(profile, `profile ${id} cannot be shown`, profilePath(id)),
    openProfile: async (id) => {
      const response = await send(`profile ${id} cannot be read`, profilePath(id))
      const etag = response.headers.get('etag') ?? ''
      return { profile: parseAnswer(profile, await readJson(settings.url, response), profilePath(id)), etag }
    },
    changeProfile: ({ profile: { id }, etag }, patch) =>
      ask(profile, `profile ${id} cannot be updated`, profilePath(id), {
        method: 'PATCH',
        headers: { 'content-type': mediaTypes.mergePatch, 'if-match': etag },
        body: JSON.stringify(patch),
      }),
    deleteProfile: async ({ profile: { id }, etag }) => {
      await send(`profile ${id} cannot be deleted`, profilePath(id), {
        method: 'DELETE',
        headers: { 'if-match': etag },
      })
    },
    previewPlan: (body) => ask(planPreview, 'the plan cannot be shown', '/export/plans', jsonCall(body)),
    createRun: (body) => create(run, 'the run cannot be created', '/export/runs', jsonCall(body)),
    listRuns: (query) => ask(pageOf(run), 'the runs cannot be listed', '/export/runs', { query }),
    getRun: (id) => askRun(id, 'shown'),
    cancelRun: (id) => askRun(id, 'cancelled', { method: 'POST' }, '/cancel'),
    reproduceRun: (id) => create(run, `run ${id} cannot be reproduced`, `${runPath(id)}/reproduce`, { method: 'POST' }),
    verifyRun: (id) =>
      create(verification, `run ${id} cannot be verified`, `${runPath(id)}/verify`, { method: 'POST' }),
    listVerifications: (id, query) =>
      ask(pageOf(verification), `the verifications of run ${id} cannot be listed`, `${runPath(id)}/verifications`, {
        query,
      }),
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
      create(ingest, 'the documents cannot be ingested', '/ledger/ingest', {
        method: 'POST',
        query,
        headers: { 'content-type': mediaType },
        body: typeof body === 'function' ? () => filled(body()) : filled(body),
      }),
    getIngest: (id) => ask(ingest, `ingest ${id} cannot be shown`, `/ledger/ingests/${encodeURIComponent(id)}`),
    listAudit: (query) => ask(pageOf(auditEntry), 'the audit log cannot be listed', '/audit', { query }),
    readAudit: (query) => ask(unreadPage, 'the audit log cannot be read', '/audit', { query }),
  }
}

function runPath(id: string): string {
  return `/export/runs/${encodeURIComponent(id)}`
}

function profilePath(id: string): string {
  return `/export/profiles/${encodeURIComponent(id)}`
}

/** Makes a request that is safe to repeat, again and again while its answer does not come. */
async function whileUnreachable<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let number = 1; ; number += 1) {
    try {
      return await attempt()
    } catch (error) {
      if (!isUnanswered(error) || number === MAX_CREATE_ATTEMPTS) throw error
      await pause(RETRY_MS * 2 ** (number - 1), undefined, { signal })
    }
  }
}

/** No answer came, or an earlier attempt is still at work. */
function isUnanswered(error: unknown): boolean {
  return error instanceof ServerUnreachable || (error instanceof Problem && error.code === 'request/in-progress')
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
    ...(body === undefined ? {} : { body: typeof body === 'function' ? body() : body, duplex: 'half' }),
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

async function readJson(url: string, response: Response): Promise<unknown> {
  try {
    return await reach(url, () => response.json())
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

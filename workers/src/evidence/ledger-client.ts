import { setTimeout as pause } from 'node:timers/promises'

import {
  EVIDENCE_ATTEMPTS,
  EVIDENCE_IDLE_MS,
  EVIDENCE_RETRY_MAX_MS,
  EVIDENCE_RETRY_MS,
  MAX_EVIDENCE_ANSWER_BYTES,
  Problem,
} from '@stella/contracts'
import type { z } from 'zod'

import { invalidEvidence, unavailableEvidence } from './evidence-problem.ts'

/** Another installation, and the token with which a tenant may read its ledger. */
export interface LedgerAddress {
  /** Base of its API, without a slash at the end. */
  readonly url: string
  readonly token: (tenantId: string) => Promise<string>
}

/** What is asked of the other installation: a GET, or a POST of a JSON body. */
export interface LedgerRequest {
  readonly tenantId: string
  readonly path: string
  readonly body?: object
}

/** Speaks to another installation's API. Redirects are refused: the token is for this address. */
export class LedgerClient {
  readonly #address: LedgerAddress

  constructor(address: LedgerAddress) {
    this.#address = address
  }

  /**
   * Reads an answer's bytes as they come; a silence of `EVIDENCE_IDLE_MS` ends it.
   * @throws `evidence/unavailable` where trying again may help, also in mid-answer · `evidence/denied` · `evidence/invalid`
   */
  async *read({ tenantId, path, body }: LedgerRequest, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const silence = new AbortController()
    let timer = setTimeout(() => silence.abort(), EVIDENCE_IDLE_MS)
    try {
      const token = await this.#address.token(tenantId)
      const answer = await fetch(`${this.#address.url}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
        ...(body ? { body: JSON.stringify(body) } : {}),
        redirect: 'manual',
        signal: AbortSignal.any(signal ? [silence.signal, signal] : [silence.signal]),
      })
      await requireSuccess(answer, path)
      for await (const chunk of answer.body ?? []) {
        clearTimeout(timer)
        yield chunk
        timer = setTimeout(() => silence.abort(), EVIDENCE_IDLE_MS)
      }
    } catch (error) {
      if (error instanceof Problem) throw error
      if (signal?.aborted)
        throw new Problem('native/cancelled', 'the reading of evidence was stopped', { cause: error })
      throw unavailableEvidence('it does not answer, or its answer was cut', error)
    } finally {
      clearTimeout(timer)
      silence.abort()
    }
  }

  /** A whole JSON answer, parsed by its contract; tried again where that may help. */
  async json<T extends z.ZodType>(request: LedgerRequest, contract: T): Promise<z.output<T>> {
    return withAttempts(async () => {
      const chunks: Uint8Array[] = []
      let sizeBytes = 0
      for await (const chunk of this.read(request)) {
        sizeBytes += chunk.length
        if (sizeBytes > MAX_EVIDENCE_ANSWER_BYTES) throw invalidEvidence(`${request.path} answers without end`)
        chunks.push(chunk)
      }
      const parsed = contract.safeParse(jsonOf(Buffer.concat(chunks)))
      if (!parsed.success) throw invalidEvidence(`${request.path} answers in another form`, parsed.error)
      return parsed.data
    })
  }
}

/** Does work, and again after `evidence/unavailable`, `EVIDENCE_ATTEMPTS` times in all, with pauses that double. */
export async function withAttempts<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      const again = error instanceof Problem && error.code === 'evidence/unavailable'
      if (!again || attempt === EVIDENCE_ATTEMPTS || signal?.aborted) throw error
    }
    const pauseMs = Math.min(EVIDENCE_RETRY_MS * 2 ** (attempt - 1), EVIDENCE_RETRY_MAX_MS)
    await pause(pauseMs, undefined, signal ? { signal } : {}).catch(() => undefined) // The next attempt says that it was stopped.
  }
}

async function requireSuccess(answer: Response, path: string): Promise<void> {
  const { status } = answer
  if (status === 200) return
  await answer.body?.cancel()
  if (status === 401 || status === 403) {
    throw new Problem(
      'evidence/denied',
      'the installation that holds the evidence refuses the token: give one of its Export.Viewer role for this tenant',
    )
  }
  if (status === 429 || (status >= 500 && status !== 501)) throw unavailableEvidence(`${path} answers ${status}`)
  if (status >= 300 && status < 400) throw invalidEvidence(`${path} leads elsewhere, which is not followed`)
  throw invalidEvidence(`${path} answers ${status}`)
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}

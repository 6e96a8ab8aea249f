import { createReadStream } from 'node:fs'
import { MAX_AUDIT_LINE_CHARS, MAX_AUDIT_PAGE_ROWS } from '@stella/contracts'
import { CommandFailure, inputFailure } from '@stella/core'

import type { ApiClient } from './api-client.ts'

/** Every entry of the caller's audit log, from the first one on, a page at a time. Nothing about them is trusted. */
export async function* serverEntries(api: Pick<ApiClient, 'readAudit'>): AsyncGenerator<unknown> {
  let cursor: string | undefined
  do {
    const page = await api.readAudit({ order: 'asc', limit: String(MAX_AUDIT_PAGE_ROWS), cursor })
    yield* page.items
    cursor = page.next_cursor ?? undefined
  } while (cursor !== undefined)
}

/** Every entry of a file of JSON lines; a line that is no JSON comes as its text. @throws CommandFailure `notFound`, `usage` */
export async function* fileEntries(path: string): AsyncGenerator<unknown> {
  let rest = ''
  try {
    for await (const chunk of createReadStream(path, 'utf8') as AsyncIterable<string>) {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > MAX_AUDIT_LINE_CHARS)
        throw new CommandFailure('usage', `${path} is no audit log: a line is too long`)
      yield* lines.map(parseLine)
    }
  } catch (cause) {
    throw inputFailure(path, cause)
  }
  if (rest !== '') yield parseLine(rest)
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return line
  }
}

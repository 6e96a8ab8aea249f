import type { Readable, Writable } from 'node:stream'

import type { Settings } from './settings.ts'

/** What a command has of the process around it. */
export interface Shell {
  readonly settings: Settings
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable & { readonly isTTY?: boolean }
  /** Raised by SIGINT. */
  readonly signal: AbortSignal
}

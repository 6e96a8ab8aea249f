import type { Command } from 'commander'

/** Options of every list. */
export interface PageOptions {
  readonly limit?: string
  readonly cursor?: string
}

/** Adds the options of every list to a command. */
export function withPageOptions(command: Command): Command {
  return command
    .option('--limit <rows>', 'rows of the page')
    .option('--cursor <cursor>', 'where the page before it ended')
}

/** What a list says after a page that is not the last. */
export function moreLines(nextCursor: string | null): string[] {
  return nextCursor === null ? [] : [`… and more: --cursor ${nextCursor}`]
}

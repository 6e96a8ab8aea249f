import type { Command } from 'commander'

import { createApiClient } from '../api-client.ts'
import { print, table } from '../output.ts'
import { moreLines, type PageOptions, withPageOptions } from '../page-options.ts'
import type { Shell } from '../shell.ts'

/** `stella audit list` */
export function listAuditCommand(parent: Command, shell: Shell): void {
  const command = parent.command('list').description('list what was done and refused, the newest first')
  withPageOptions(command).action(async ({ limit, cursor }: PageOptions) => {
    const page = await createApiClient(shell.settings, shell.signal).listAudit({ limit, cursor })
    const rows = page.items.map((entry) => [
      String(entry.seq),
      entry.time,
      entry.actor ?? '',
      entry.action,
      entry.outcome,
      entry.code ?? '',
      entry.resource,
    ])
    const heading = ['SEQ', 'TIME', 'ACTOR', 'ACTION', 'OUTCOME', 'CODE', 'RESOURCE']
    print(shell, command, { json: page, lines: [...table(heading, rows), ...moreLines(page.next_cursor)] })
  })
}

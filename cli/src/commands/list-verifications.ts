import type { Command } from 'commander'

import { createApiClient } from '../api-client.ts'
import { print, table } from '../output.ts'
import { moreLines, type PageOptions, withPageOptions } from '../page-options.ts'
import type { Shell } from '../shell.ts'
import { verdictWord } from '../verification-lines.ts'

/** `stella export run verifications` */
export function listVerificationsCommand(parent: Command, shell: Shell): void {
  const command = parent
    .command('verifications')
    .description('list the verifications of a run, the newest first')
    .argument('<run-id>')
  withPageOptions(command).action(async (id: string, { limit, cursor }: PageOptions) => {
    const page = await createApiClient(shell.settings, shell.signal).listVerifications(id, { limit, cursor })
    const rows = page.items.map((one) => [
      one.id,
      one.state,
      verdictWord(one.verdict) ?? one.error_class ?? '',
      String(one.verdict?.faults.length ?? ''),
      one.created_at,
    ])
    const lines = [...table(['ID', 'STATE', 'VERDICT', 'FAULTS', 'CREATED'], rows), ...moreLines(page.next_cursor)]
    print(shell, command, { json: page, lines })
  })
}

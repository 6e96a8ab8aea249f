import type { PlanPreview } from '@stella/contracts'
import type { Command } from 'commander'

import { createApiClient } from '../api-client.ts'
import { byteSize } from '../byte-size.ts'
import { withFilterOptions } from '../filter-options.ts'
import { print } from '../output.ts'
import { type FilterOptions, requestedRun } from '../run-filters.ts'
import { countsLine } from '../run-lines.ts'
import type { Shell } from '../shell.ts'

interface Options extends FilterOptions {
  readonly profile: string
}

/** `stella export plan` */
export function previewPlanCommand(parent: Command, shell: Shell): void {
  const command = withFilterOptions(
    parent
      .command('plan')
      .description('show what a run would hold if it were planned now; options replace the filters of its profile')
      .requiredOption('--profile <id>', 'profile to export after'),
  )
  command.action(async (options: Options) => {
    const wanted = requestedRun(options.profile, options)
    const preview = await createApiClient(shell.settings, shell.signal).previewPlan(wanted)
    print(shell, command, { json: preview, lines: previewLines(preview) })
  })
}

function previewLines(preview: PlanPreview): string[] {
  return [
    `profile   ${preview.profile_id}, revision ${preview.profile_revision}`,
    `revision  ${preview.ledger_revision} of the ledger`,
    `records   ${countsLine(preview.counts)}`,
    `bytes     ${byteSize(preview.estimated_bytes)} before compression`,
    `shards    ${preview.shards}`,
    `parts     ${preview.parts ?? 'none: one bundle'}`,
  ]
}

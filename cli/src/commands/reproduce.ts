import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

import type { Run } from '@stella/contracts'
import { CommandFailure, partFile } from '@stella/core'
import type { Command } from 'commander'

import { type ApiClient, createApiClient } from '../api-client.ts'
import { print, say } from '../output.ts'
import { type Replacing, requireOutputPath } from '../output-file.ts'
import { type Reproduction, reproduceRun } from '../reproduce-run.ts'
import type { Shell } from '../shell.ts'

/** `stella export reproduce`: writes an export again from its plan, and compares the two. */
export function reproduceCommand(parent: Command, shell: Shell): void {
  const command = parent
    .command('reproduce')
    .description(
      'write the export of a run again, and compare every file but the signatures; its bundle may have expired',
    )
    .argument('<run-id>')
    .option('--out <file>', 'keep the bundle that was written again; of a run in parts, the folder for theirs')
    .option('--force', 'replace a file that is there')
  command.action(async (id: string, { out, force = false }: { out?: string; force?: boolean }) => {
    const api = createApiClient(shell.settings, shell.signal)
    const original = await api.getRun(id)
    const { files, damaged, ...again } = original.parts
      ? await reproduceParts(api, shell, { ids: original.parts, out, force })
      : await reproduceOne(api, shell, { original, out, force })
    const differing = files.filter(({ equal }) => !equal)
    print(shell, command, {
      json: { ok: differing.length === 0 && damaged.length === 0, run_id: id, ...again, damaged, files },
      lines: files.map(({ path, equal }) => `${equal ? 'equal    ' : 'DIFFERENT'}  ${path}`),
    })
    if (differing.length > 0) {
      const names = differing.map(({ path }) => path).join(', ')
      throw new CommandFailure(
        'integrity',
        `run ${id} was not reproduced: ${names} differ`,
        'compare the two bundles: `run download`',
      )
    }
    const ids = 'part_reproduction_ids' in again ? again.part_reproduction_ids.join(', ') : again.reproduction_id
    say(shell, `run ${id} was reproduced by run ${ids}`)
    if (damaged.length > 0) {
      const message = `what is stored for run ${damaged.join(', ')} is damaged; it was compared with what can be read of it, and is the same`
      throw new CommandFailure(
        'integrity',
        message,
        'take what was written again: `--out`, or `run download` of the new run',
      )
    }
  })
}

async function reproduceOne(
  api: ApiClient,
  shell: Shell,
  wanted: Replacing & { readonly original: Run; readonly out: string | undefined },
) {
  const { runId, files, isOriginalDamaged } = await reproduceRun(api, shell, wanted)
  return { reproduction_id: runId, files, damaged: isOriginalDamaged ? [wanted.original.id] : [] }
}

/** An index names its parts by their manifests: where each part comes out the same, so does what it names. */
async function reproduceParts(
  api: ApiClient,
  shell: Shell,
  { ids, out, force }: Replacing & { readonly ids: readonly string[]; readonly out: string | undefined },
) {
  if (out !== undefined) {
    await requireOutputPath(out, { force })
    await mkdir(out, { recursive: true })
  }
  const again: Reproduction[] = []
  for (const [index, id] of ids.entries()) {
    const name = partFile(index + 1)
    const file = out === undefined ? undefined : join(out, name)
    const part = await reproduceRun(api, shell, { original: await api.getRun(id), out: file, force })
    again.push({ ...part, files: part.files.map(({ path, equal }) => ({ path: `${name}: ${path}`, equal })) })
  }
  return {
    part_reproduction_ids: again.map(({ runId }) => runId),
    files: again.flatMap(({ files }) => files),
    damaged: ids.filter((_, index) => again[index]?.isOriginalDamaged),
  }
}

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Problem, type Run, storedDamage, toProblem } from '@stella/contracts'
import { CommandFailure } from '@stella/core'

import type { ApiClient } from './api-client.ts'
import {
  compareDigests,
  digestsOfBundle,
  digestsOfDocuments,
  type FileComparison,
  type FileDigests,
} from './compare-bundles.ts'
import { downloadBundle } from './download-bundle.ts'
import { type Replacing, requireNewFile } from './output-file.ts'
import type { Shell } from './shell.ts'
import { succeeded, waitForRun } from './wait-for-run.ts'

/** A run that was written again, and how its files compare with the original's. */
export interface Reproduction {
  readonly runId: string
  readonly files: readonly FileComparison[]
  /** True where what is stored for the original is damaged, so that less of it was compared. */
  readonly isOriginalDamaged: boolean
}

/**
 * Writes the export of a run again and compares every file but the signatures: with the original's bundle; where that has expired or is damaged
 * in the store, with its manifest and provenance; where these are too, the digest of all its content with that in the run's row.
 * @param out - where to keep the bundle that was written again
 * @throws Problem `run/not-finished` where the run did not succeed
 */
export async function reproduceRun(
  api: ApiClient,
  shell: Shell,
  { original, out, force }: Replacing & { readonly original: Run; readonly out: string | undefined },
): Promise<Reproduction> {
  if (original.content_root === null) {
    throw new Problem('run/not-finished', `run ${original.id} cannot be reproduced: it is ${original.state}`)
  }
  if (out !== undefined) await requireNewFile(out, { force })
  const again = succeeded(await waitForRun(api, shell, await api.reproduceRun(original.id)))
  const folder = await mkdtemp(join(tmpdir(), 'stella-reproduce-'))
  try {
    const file = out ?? join(folder, 'again.tar.zst')
    await downloadBundle(api, shell, { run: again, file, force })
    const { digests, isDamaged } = await originalDigests(api, shell, {
      original,
      file: join(folder, 'original.tar.zst'),
    })
    const files =
      digests === null
        ? [{ path: 'content_root', equal: original.content_root === again.content_root }]
        : compareDigests(digests, await writtenDigests(api, shell, { again, file }))
    return { runId: again.id, files, isOriginalDamaged: isDamaged }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** The files of the bundle that was written again; where none of it can be read, those that its manifest names. */
async function writtenDigests(
  api: ApiClient,
  shell: Shell,
  { again, file }: { readonly again: Run; readonly file: string },
): Promise<FileDigests> {
  return (await digestsOfBundle(file, shell.signal)) ?? (await documentDigests(api, again)) ?? new Map()
}

/** What is still known of the files of a run: null where nothing but its row is kept or can be read. */
async function originalDigests(
  api: ApiClient,
  shell: Shell,
  { original, file }: { readonly original: Run; readonly file: string },
): Promise<{ readonly digests: FileDigests | null; readonly isDamaged: boolean }> {
  let isDamaged = false
  const unlessDamaged = (error: unknown) => {
    if (!isDamage(error)) throw error
    isDamaged = true
    return null
  }
  const ofBundle =
    original.bundle &&
    (await downloadBundle(api, shell, { run: original, file, force: false })
      .then(() => digestsOfBundle(file, shell.signal))
      .catch(unlessDamaged))
  const digests = ofBundle ?? (await documentDigests(api, original).catch(unlessDamaged))
  return { digests, isDamaged }
}

/** What the store of the server holds in place of what was sealed. */
function isDamage(error: unknown): boolean {
  return error instanceof CommandFailure ? error.kind === 'integrity' : storedDamage.has(toProblem(error).code)
}

/** The files that the manifest of a run names; null where that has expired. */
async function documentDigests(api: Pick<ApiClient, 'runDocument'>, { id }: Run): Promise<FileDigests | null> {
  try {
    return digestsOfDocuments(await api.runDocument(id, 'manifest'), await api.runDocument(id, 'provenance'))
  } catch (error) {
    if (error instanceof Problem && error.code === 'run/pruned') return null
    throw error
  }
}

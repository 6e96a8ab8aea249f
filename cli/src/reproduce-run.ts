import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Problem, type Run } from '@stella/contracts'

import type { ApiClient } from './api-client.ts'
import {
  compareDigests,
  digestsOfBundle,
  digestsOfDocuments,
  type FileComparison,
  type FileDigests,
} from './compare-bundles.ts'
import { downloadBundle } from './download-bundle.ts'
import type { Shell } from './shell.ts'
import { succeeded, waitForRun } from './wait-for-run.ts'

/** A run that was written again, and how its files compare with the original's. */
export interface Reproduction {
  readonly runId: string
  readonly files: readonly FileComparison[]
}

/**
 * Writes the export of a run again and compares every file but the signatures: with the original's bundle; where that has expired, with its
 * manifest and provenance; where these have too, the digest of all its content with that in the run's row.
 * @param out - where to keep the bundle that was written again
 * @throws Problem `run/not-finished` where the run did not succeed
 */
export async function reproduceRun(
  api: ApiClient,
  shell: Shell,
  { original, out }: { readonly original: Run; readonly out: string | undefined },
): Promise<Reproduction> {
  if (original.content_root === null) {
    throw new Problem('run/not-finished', `run ${original.id} cannot be reproduced: it is ${original.state}`)
  }
  const again = succeeded(await waitForRun(api, shell, await api.reproduceRun(original.id)))
  const folder = await mkdtemp(join(tmpdir(), 'stella-reproduce-'))
  try {
    const file = out ?? join(folder, 'again.tar.zst')
    await downloadBundle(api, shell, { run: again, file })
    const before = await digestsOf(api, shell, { original, file: join(folder, 'original.tar.zst') })
    const files =
      before === null
        ? [{ path: 'content_root', equal: original.content_root === again.content_root }]
        : compareDigests(before, await digestsOfBundle(file, shell.signal))
    return { runId: again.id, files }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** What is still known of the files of a run: null where nothing but its row is kept. */
async function digestsOf(
  api: ApiClient,
  shell: Shell,
  { original, file }: { readonly original: Run; readonly file: string },
): Promise<FileDigests | null> {
  if (original.bundle !== null) {
    await downloadBundle(api, shell, { run: original, file })
    return digestsOfBundle(file, shell.signal)
  }
  try {
    const [manifest, provenance] = [
      await api.runDocument(original.id, 'manifest'),
      await api.runDocument(original.id, 'provenance'),
    ]
    return digestsOfDocuments(manifest, provenance)
  } catch (error) {
    if (error instanceof Problem && error.code === 'run/pruned') return null
    throw error
  }
}

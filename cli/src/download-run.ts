import { createHash } from 'node:crypto'
import { mkdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { indexPaths, Problem, type Run } from '@stella/contracts'
import { CommandFailure, inputFailure, readExportIndex } from '@stella/core'

import type { ApiClient } from './api-client.ts'
import { byteSize } from './byte-size.ts'
import { downloadBundle } from './download-bundle.ts'
import { type Replacing, requireName } from './output-file.ts'
import type { Shell } from './shell.ts'
import { writeWhole } from './write-whole.ts'

type Api = Pick<ApiClient, 'getRun' | 'openDownload' | 'runDocument' | 'runSignatures'>

/** What a download wrote: a bundle, or a folder of parts. */
export interface Downloaded {
  readonly path: string
  readonly size: number
  /** Digest of the bundle, or of the index. */
  readonly sha256: string
  /** Names of the parts in the folder; null for a bundle. */
  readonly parts: readonly string[] | null
}

/**
 * Downloads what a run made: its bundle to `path`, or into the folder `path`; of a run in parts, index and parts into a folder, `path` without
 * `.tar.zst`. The index is written last, so that a folder with an index is whole. Goes on where an earlier attempt stopped.
 * @throws CommandFailure `integrity` where the bytes are not those that the run or the index states; `usage` unless `force` where another
 * file is there
 */
export async function downloadRun(
  api: Api,
  shell: Shell,
  { run, path, force }: Replacing & { readonly run: Run; readonly path: string },
): Promise<Downloaded> {
  requireName(path)
  if (run.parts !== null && run.bundle !== null) {
    return downloadParts(api, shell, { run, folder: path.replace(/\.tar\.zst$/, ''), force })
  }
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
  const file = isFolder ? join(path, `${run.id}.tar.zst`) : path
  return { path: file, ...(await downloadBundle(api, shell, { run, file, force })), parts: null }
}

async function downloadParts(
  api: Api,
  shell: Shell,
  { run, folder, force }: Replacing & { readonly run: Run; readonly folder: string },
): Promise<Downloaded> {
  const bytes = await api.runDocument(run.id, 'manifest')
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const { index } = readExportIndex(bytes)
  if (!index || sha256 !== run.index?.sha256) {
    throw new CommandFailure(
      'integrity',
      `run ${run.id} cannot be downloaded: its index is not the one that the run states`,
    )
  }
  await mkdir(join(folder, dirname(indexPaths.signature)), { recursive: true }).catch((cause: unknown) =>
    Promise.reject(inputFailure(folder, cause)),
  )
  const parts = index.content.parts.map(({ part, file }) => ({ file, named: index.run.parts[part - 1] }))
  let size = 0
  for (const { file, named } of parts) {
    const part = await api.getRun(named?.run_id ?? '')
    size += (await downloadBundle(api, shell, { run: part, file: join(folder, file), force })).size
  }
  await writeWhole(join(folder, indexPaths.signature), await signatureOf(api, run))
  await writeWhole(join(folder, indexPaths.index), bytes.toString())
  return { path: folder, size, sha256, parts: parts.map(({ file }) => file) }
}

async function signatureOf(api: Api, { id }: Run): Promise<string> {
  const { files } = await api.runSignatures(id)
  const file = files.find(({ path }) => path === indexPaths.signature)
  if (!file) throw new Problem('internal', `run ${id} has no ${indexPaths.signature}`)
  return Buffer.from(file.content_base64, 'base64').toString()
}

/** What a download wrote, for people. */
export function downloadedLines({ path, size, sha256, parts }: Downloaded): string[] {
  if (parts === null) return [`${path}  ${byteSize(size)}  sha256:${sha256}`]
  return [`${path}  ${byteSize(size)} in ${parts.length} parts; its index sha256:${sha256}`]
}

import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'

import { type ExportFile, MIRROR_SORT_BYTES, mirrorReadmePath } from '@stella/contracts'

import { type MergedMirrors, type MergeOptions, mergeMirrors } from './merge-mirrors.ts'
import type { BundleMember } from './pack-bundle.ts'

/** Threads that compress, at most. */
const MAX_THREADS = 16

/** Bundles to merge, and how. */
export interface FilesToMerge extends Pick<MergeOptions, 'places' | 'making' | 'items'> {
  readonly readme: string
  /** Of compression. */
  readonly level: number
  /** Folder for the files, and what is sorted. */
  readonly scratch: string
}

/** Files that were merged, as a manifest names them, and as they are packed. */
export interface MergedFiles extends Pick<MergedMirrors, 'kinds' | 'stateRoot'> {
  readonly files: readonly ExportFile[]
  readonly members: readonly BundleMember[]
}

/** Merges the data files of bundles that were verified into a scratch folder. @throws what `mergeMirrors` throws */
export async function mergedFiles(asked: FilesToMerge, signal: AbortSignal): Promise<MergedFiles> {
  const { places, making, items, readme, level, scratch } = asked
  const data = join(scratch, 'data')
  const options = {
    places: places.map((path) => resolve(path)),
    making,
    items,
    file: {
      path: data,
      texts: [{ path: mirrorReadmePath, content: readme }],
      scratch,
      memoryBytes: MIRROR_SORT_BYTES,
      threads: Math.min(availableParallelism(), MAX_THREADS),
      level,
    },
  }
  const { kinds, stateRoot, parts } = await mergeMirrors(options, signal)
  return {
    kinds,
    stateRoot,
    files: parts.map(({ path, sizeBytes: size, sha256 }) => ({ path, size, sha256 })),
    members: parts.map(({ path, offset, sizeBytes, sha256 }) => {
      return { path, sizeBytes, sha256, parts: [{ file: data, offset, sizeBytes }] }
    }),
  }
}

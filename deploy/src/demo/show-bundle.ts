import { spawnSync } from 'node:child_process'
import type { ExportManifest } from '@stella/contracts'

const SHOWN_LINES = 3

/** The files of an export as a tree, with their sizes, as its manifest lists them. */
export function fileTree({ content }: Pick<ExportManifest, 'content'>): string[] {
  const lines: string[] = []
  let folders: string[] = []
  for (const { path, size } of content.files) {
    const above = path.split('/')
    const name = above.pop() ?? ''
    const shared = above.findIndex((folder, depth) => folder !== folders[depth])
    for (let depth = shared === -1 ? above.length : shared; depth < above.length; depth++) {
      lines.push(`${'  '.repeat(depth + 1)}${above[depth]}/`)
    }
    folders = above
    lines.push(`${'  '.repeat(above.length + 1)}${name}  ${size} bytes`)
  }
  return lines
}

/**
 * Id and summary of the first advisories of a bundle, read by `zstd` and `tar` alone: none of our code is needed for that.
 * Empty where these programs are not on the machine.
 */
export function firstAdvisories(bundle: string): string[] {
  // Paths go in as arguments, so that no name is ever part of the script.
  const script = 'zstd -dcq -- "$1" | tar -xOf - -- "$2" | zstd -dcq | head -n "$3"'
  const member = 'advisories/normalized.jsonl.zst'
  const { status, stdout } = spawnSync('sh', ['-c', script, 'sh', bundle, member, String(SHOWN_LINES)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  if (status !== 0) return []
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { id, summary = '' } = JSON.parse(line) as { id: string; summary?: string }
      return `${id}  ${summary}`.trimEnd()
    })
}

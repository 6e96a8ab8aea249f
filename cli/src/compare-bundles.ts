import { byteOrder } from '@stella/core'

/** A file of two bundles, and whether it has the same bytes in both. */
export interface FileComparison {
  readonly path: string
  readonly equal: boolean
}

const SIGNATURES = 'signatures/'

/** Compares every file of two bundles but those under `signatures/`, by size and SHA-256; sorted by path. */
export async function compareBundles(a: string, b: string, signal: AbortSignal): Promise<FileComparison[]> {
  const { scanExport } = await import('./published-export.ts')
  const [first, second] = [await digestsOf(a), await digestsOf(b)]
  const paths = [...new Set([...first.keys(), ...second.keys()])].filter((path) => !path.startsWith(SIGNATURES))
  return paths.sort(byteOrder).map((path) => ({ path, equal: first.get(path) === second.get(path) }))

  async function digestsOf(bundle: string): Promise<Map<string, string>> {
    const { members } = await scanExport(bundle, signal)
    return new Map(members.map(({ path, sizeBytes, sha256 }) => [path, `${sizeBytes} ${sha256}`]))
  }
}

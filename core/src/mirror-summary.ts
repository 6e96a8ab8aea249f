import { type ExportManifest, mirrorPaths } from '@stella/contracts'
import { stringify } from 'yaml'

/**
 * The bytes of `manifest.yaml`: what `export.json` says of a mirror, for people, without the list of its files. Derived from it alone.
 * Source: docs/formats/mirror.md.
 */
export function encodeSummary({ content, run }: ExportManifest): Buffer {
  const { files, mirror, withheld, ...said } = content
  const summary = {
    schema_version: '1',
    ...said,
    files: { count: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) },
    withheld: withheld.length,
    mirror: mirror && { ...mirror, state: undefined },
    run,
  }
  const note = `# ${mirrorPaths.summary}: what export.json says, without the digests of ${files.length} files\n`
  return Buffer.from(note + stringify(summary, { lineWidth: 0, sortMapEntries: true }))
}

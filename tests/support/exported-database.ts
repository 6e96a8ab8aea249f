import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import type { ExportManifest, Run } from '@stella/contracts'

import type { Tenant } from './tenant.ts'

/** An export of a database for Trivy, unpacked by tar alone. */
export interface ExportedDatabase {
  readonly run: Run
  readonly bundle: string
  /** What the bundle holds. */
  readonly tree: string
  /** What the archive of the database holds. */
  readonly database: string
  readonly manifest: ExportManifest
}

/** Runs a profile whose database has its archive at `archive`, and unpacks what came under `name`. */
export async function exportDatabase(
  owner: Tenant,
  { profile, archive, name }: { profile: string; archive: string; name: string },
): Promise<ExportedDatabase> {
  const bundle = join(owner.directory, `${name}.tar.zst`)
  const run = await owner.json<Run>('export', 'run', 'create', '--profile', profile, '--download', bundle)
  const tree = join(owner.directory, name)
  const database = join(tree, 'database')
  mkdirSync(database, { recursive: true })
  execFileSync('tar', ['--zstd', '-xf', bundle, '-C', tree])
  execFileSync('tar', ['-xzf', join(tree, archive), '-C', database])
  const manifest = JSON.parse(readFileSync(join(tree, 'export.json'), 'utf8')) as ExportManifest
  return { run, bundle, tree, database, manifest }
}

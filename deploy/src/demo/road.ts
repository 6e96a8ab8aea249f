import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ExportManifest, type Profile, publicKeys } from '@stella/contracts'
import { repositoryDir } from '../embedded/server-program.ts'
import { fileTree, firstAdvisories } from './show-bundle.ts'
import type { RunStella } from './stella-command.ts'

/** A profile of the samples, and its id. */
export interface SampleProfile {
  readonly id: string
  readonly file: string
}

const PROFILE: SampleProfile = { id: 'prof_json_raw', file: 'samples/profile.yaml' }

/** What the road needs: a stack, the command line, and where to put what it makes. */
export interface RoadDeps {
  readonly url: string
  readonly stella: RunStella
  /** Relative to the repository: so it is shown in commands. */
  readonly workDir: string
  readonly tell: (line: string) => void
}

/**
 * The whole road, as a user walks it: ingest the samples, export them, verify the bundle and show what is in it.
 *
 * @returns absolute path of the verified bundle
 */
export async function walkRoad({ url, stella, workDir, tell }: RoadDeps): Promise<string> {
  const bundle = join(workDir, 'export.tar.zst')
  const key = join(workDir, 'key.pem')
  await mkdir(join(repositoryDir, workDir), { recursive: true })
  await rm(join(repositoryDir, bundle), { force: true })

  tell(await stella('ingest', 'samples/advisories', 'samples/vex', 'samples/sboms'))
  await ensureProfile(PROFILE, stella, tell)
  const run = await stella(
    'export',
    'run',
    'create',
    '--profile',
    PROFILE.id,
    '--wait',
    '--force',
    '--download',
    bundle,
  )
  tell(run)
  await fetchKey(url, key, tell)
  tell(await stella('export', 'verify', bundle, '--key', key))

  const manifest = await stella('export', 'run', 'get', runIdIn(run), '--manifest')
  show(JSON.parse(manifest) as ExportManifest, bundle, tell)
  return join(repositoryDir, bundle)
}

/** Creates a profile of the samples the first time. */
export async function ensureProfile(
  { id: wanted, file }: SampleProfile,
  stella: RunStella,
  tell: (line: string) => void,
): Promise<void> {
  const { items } = JSON.parse(await stella('export', 'profiles', 'list', '--json')) as { items: Pick<Profile, 'id'>[] }
  if (items.some(({ id }) => id === wanted)) return tell(`${wanted} is there`)
  tell(await stella('export', 'profiles', 'create', '--file', file))
}

/** Gets the public key from the service, as its users do over a connection that they trust. */
async function fetchKey(url: string, file: string, tell: (line: string) => void): Promise<void> {
  tell(`\n$ curl ${url}/export/keys | jq -r '.keys[0].pem' > ${file}`)
  const response = await fetch(`${url}/export/keys`)
  const { keys } = publicKeys.parse(await response.json())
  await writeFile(join(repositoryDir, file), keys[0]?.pem ?? '')
}

/** The run's id, from the first line that the command prints about it. */
function runIdIn(lines: string): string {
  return /^run\s+(\S+)/m.exec(lines)?.[1] ?? ''
}

function show(manifest: ExportManifest, bundle: string, tell: (line: string) => void): void {
  const { advisories, vex, sboms } = manifest.content.counts
  tell(`\nrecords: ${advisories} advisories, ${vex} VEX statements, ${sboms} SBOMs`)
  tell(['files:', ...fileTree(manifest)].join('\n'))
  const first = firstAdvisories(join(repositoryDir, bundle))
  if (first.length > 0) tell(['first advisories, read by zstd and tar alone:', ...first].join('\n  '))
}

import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Run } from '@stella/contracts'

import { repositoryDir } from '../embedded/server-program.ts'
import { ensureProfile, type RoadDeps } from './road.ts'

const FULL = { id: 'prof_mirror_full', file: 'samples/mirror-full-profile.yaml' }
const DELTA = { id: 'prof_mirror_delta', file: 'samples/mirror-delta-profile.yaml' }

/** Makes a mirror of the samples, changes the evidence, makes the delta, and applies it: what comes out is the mirror that a run writes. */
export async function walkMirrorRoad({ stella, workDir, tell }: RoadDeps): Promise<void> {
  const key = join(workDir, 'key.pem')
  const [base, delta, next] = ['mirror', 'delta', 'next-mirror'].map((name) => join(workDir, `${name}.tar.zst`)) as [
    string,
    string,
    string,
  ]
  for (const file of [base, delta, next]) await rm(join(repositoryDir, file), { force: true })
  for (const profile of [FULL, DELTA]) await ensureProfile(profile, stella, tell)

  const create = ['export', 'run', 'create', '--force', '--json']
  const made = await stella(...create, '--profile', FULL.id, '--download', base)
  const evidence = join(workDir, 'found-later.json')
  // A document of its own each time, so that the demo has something to change when it runs again.
  await writeFile(join(repositoryDir, evidence), JSON.stringify(advisory(new Date())))
  tell(await stella('ingest', evidence))
  const { id } = JSON.parse(made) as Run
  await stella(...create, '--profile', DELTA.id, '--base', id, '--download', delta)
  tell(await stella('mirror', 'apply', base, delta, '--out', next, '--key', key))
  tell(await stella('export', 'verify', next, '--key', key))
}

function advisory(now: Date): object {
  return {
    id: 'x_SAMPLE-found-later',
    modified: now.toISOString(),
    summary: 'Found after the mirror was made',
    affected: [{ package: { ecosystem: 'npm', name: 'left-pad' }, versions: ['1.0.0'] }],
  }
}

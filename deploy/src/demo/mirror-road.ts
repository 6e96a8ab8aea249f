import { spawnSync } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Run } from '@stella/contracts'

import { repositoryDir } from '../embedded/server-program.ts'
import { ensureProfile, type RoadDeps } from './road.ts'
import { CommandFailed } from './stella-command.ts'

const READER = 'reader/bin/stella-reader.js'
/** Characters of an answer that are shown. */
const SHOWN = 600
const FULL = { id: 'prof_mirror_full', file: 'samples/mirror-full-profile.yaml' }
const DELTA = { id: 'prof_mirror_delta', file: 'samples/mirror-delta-profile.yaml' }

/** Makes a mirror of the samples, changes the evidence, makes the delta, and applies it: what comes out is the mirror that a run writes, and what a reader serves. */
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
  const reader = join(workDir, 'reader')
  await rm(join(repositoryDir, reader), { recursive: true, force: true })
  for (const question of [
    ['import', next, '--key', key],
    ['query', 'alias', 'CVE-2021-23337'],
  ]) {
    const args = ['--root', reader, ...question]
    const { stdout, stderr, status } = spawnSync(process.execPath, [READER, ...args], {
      cwd: repositoryDir,
      encoding: 'utf8',
    })
    if (status !== 0) throw new CommandFailed(`stella-reader ${args.join(' ')} exited with ${status}: ${stderr}`)
    tell(`\n$ stella-reader ${args.join(' ')}\n${stdout.length > SHOWN ? `${stdout.slice(0, SHOWN)}…` : stdout}`)
  }
}

function advisory(now: Date): object {
  return {
    id: 'x_SAMPLE-found-later',
    modified: now.toISOString(),
    summary: 'Found after the mirror was made',
    affected: [{ package: { ecosystem: 'npm', name: 'left-pad' }, versions: ['1.0.0'] }],
  }
}

import { spawnSync } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { repositoryDir } from '../embedded/server-program.ts'
import { ensureProfile, type RoadDeps } from './road.ts'

const PROFILE = { id: 'prof_trivy_db', file: 'samples/trivy-profile.yaml' }
const PROJECT = 'samples/project'

/** Exports a Trivy database of the samples, installs it into a cache of the demo, and scans the sample project where Trivy is on the PATH. */
export async function walkTrivyRoad({ stella, workDir, tell }: RoadDeps): Promise<void> {
  const bundle = join(workDir, 'trivy.tar.zst')
  const cache = join(workDir, 'trivy-cache')
  await rm(join(repositoryDir, bundle), { force: true })
  await ensureProfile(PROFILE, stella, tell)
  const created = ['export', 'run', 'create', '--profile', PROFILE.id, '--wait', '--force', '--download', bundle]
  tell(await stella(...created))
  tell(await stella('trivy', 'install', bundle, '--cache-dir', cache, '--key', join(workDir, 'key.pem')))

  const scan = ['fs', '--quiet', '--scanners', 'vuln', '--cache-dir', cache, PROJECT]
  const { error, stdout } = spawnSync('trivy', scan, { cwd: repositoryDir, encoding: 'utf8' })
  if (error) return tell(`\nTrivy is not on the PATH; with it: trivy ${scan.join(' ')}`)
  tell(`\n$ trivy ${scan.join(' ')}\n${stdout}`)
}

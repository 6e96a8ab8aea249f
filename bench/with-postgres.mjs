import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '@stella/deploy'

/**
 * Does `work` with an embedded Postgres that has the settings of `npm run dev`, or with the one whose `ownerUrl` is given, and with a folder
 * of its own, `dir`, which is removed afterwards.
 */
export async function withPostgres(work, { ownerUrl } = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'stella-bench-'))
  await chmod(dir, 0o755) // As root, Postgres runs as another user and must get through.
  const postgres = ownerUrl
    ? { ownerUrl, stop: async () => {} }
    : await startPostgres({ dataDir: join(dir, 'postgres') })
  try {
    return await work({ ownerUrl: postgres.ownerUrl, dir })
  } finally {
    await postgres.stop()
    await rm(dir, { recursive: true, force: true })
  }
}

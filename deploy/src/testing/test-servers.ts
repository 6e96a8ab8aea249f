import { join } from 'node:path'
import { type EmbeddedNats, startNats } from '../embedded/nats.ts'
import { type EmbeddedPostgres, startPostgres } from '../embedded/postgres.ts'
import { makeTestHome, type TestHome } from './test-home.ts'

/** A Postgres of its own in a new folder, which `stop` removes. */
export async function startTestPostgres(): Promise<EmbeddedPostgres> {
  const home = await makeTestHome()
  return await removingWhenStopped(home, () => startPostgres({ dataDir: join(home.dir, 'postgres'), durable: false }))
}

/** A NATS server of its own in a new folder, which `stop` removes. */
export async function startTestNats(): Promise<EmbeddedNats> {
  const home = await makeTestHome()
  return await removingWhenStopped(home, () => startNats({ dataDir: join(home.dir, 'nats') }))
}

async function removingWhenStopped<T extends { stop(): Promise<void> }>(
  home: TestHome,
  start: () => Promise<T>,
): Promise<T> {
  try {
    const server = await start()
    const stop = async () => {
      await server.stop()
      await home.remove()
    }
    return { ...server, stop }
  } catch (error) {
    await home.remove()
    throw error
  }
}

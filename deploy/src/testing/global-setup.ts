import type {} from 'vitest'
import type { TestProject } from 'vitest/node'
import { startTestNats, startTestPostgres } from './test-servers.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The run's Postgres as its owner: each test file makes a database of its own. */
    postgresOwnerUrl: string
    /** The run's NATS server. */
    natsUrl: string
  }
}

/** Starts one Postgres and one NATS server for a whole run of vitest; tests get them by `inject`. @returns what stops them */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const postgres = await startTestPostgres()
  const nats = await startTestNats()
  project.provide('postgresOwnerUrl', postgres.ownerUrl)
  project.provide('natsUrl', nats.url)
  return async () => {
    await Promise.all([postgres.stop(), nats.stop()])
  }
}

import type { Job, JobStep, Problem } from '@stella/contracts'

import type { Bus, BusLimits, BusLogEntry, Delivery, JobConsumer } from './bus.ts'

/** A bus of its own for one test, with the means to disturb it. */
export interface BusUnderTest {
  /** A further connection, as another process would have it. */
  connect(limits?: Partial<BusLimits>): Promise<Bus>
  /** All that was logged so far. */
  readonly logged: BusLogEntry[]
  /** Puts bytes that are no job among the jobs of a step. */
  publishGarbage(step: JobStep, text: string): Promise<void>
  /** Events kept, in order, with where and how they were published. */
  events(): Promise<{ subject: string; contentType: string; event: unknown }[]>
  /** Kills the server in the midst of what it does. */
  kill(): Promise<void>
  /** Starts it again, with its data or without. */
  resume(how?: { loseData: boolean }): Promise<void>
  /** Closes connections and server. */
  close(): Promise<void>
}

/** Job number `shard` of the step `write`. */
export function writeJob(shard: number): Job {
  return { step: 'write', message: { tenantId: 'acme', runId: 'run1', shard }, dedupeId: `run1/write/${shard}` }
}

/** What a recorded consumer saw. */
export interface Seen {
  readonly deliveries: { shard: number; attempt: number; atMs: number }[]
  readonly failures: { shard: number; code: string }[]
  /** Resolves once something seen makes the condition true. */
  until(condition: () => boolean): Promise<void>
}

/** A consumer of the step `write` that records what it is given. `handle` and `failed` do the rest. */
export function recorded(
  handle: (shard: number, delivery: Delivery) => Promise<Job[]> = async () => [],
  failed: (shard: number, problem: Problem) => Promise<void> = async () => undefined,
): JobConsumer<'write'> & Seen {
  const deliveries: Seen['deliveries'] = []
  const failures: Seen['failures'] = []
  const waiting = new Set<() => void>()
  const changed = () => {
    for (const check of waiting) check()
  }
  return {
    deliveries,
    failures,
    until: (condition) =>
      new Promise((resolve) => {
        const check = () => {
          if (!condition()) return
          waiting.delete(check)
          resolve()
        }
        waiting.add(check)
        check()
      }),
    async handle({ shard }, delivery) {
      deliveries.push({ shard, attempt: delivery.attempt, atMs: performance.now() })
      changed()
      return handle(shard, delivery)
    },
    async failed({ shard }, problem) {
      failures.push({ shard, code: problem.code })
      changed()
      return failed(shard, problem)
    },
  }
}

/** Resolves once the step has neither jobs that wait nor jobs in hand. */
export async function allDone(bus: Bus, step: JobStep): Promise<void> {
  for (;;) {
    const { pending, inFlight } = await bus.pending(step)
    if (pending + inFlight === 0) return
  }
}

import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 20

/** Asks `probe` until it answers something, or `timeoutMs` pass: then undefined. For states that no event announces. */
export async function poll<T>(timeoutMs: number, probe: () => Promise<T | undefined>): Promise<T | undefined> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const answer = await probe()
    if (answer !== undefined || performance.now() > deadline) return answer
    await delay(POLL_MS)
  }
}

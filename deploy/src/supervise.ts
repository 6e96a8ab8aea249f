import { setTimeout as delay } from 'node:timers/promises'
import type { RunningServer } from './embedded/running-server.ts'

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000
/** A process that lived this long was sound: its next pause is the first one again. */
const SOUND_MS = 30_000

/** A process that is started again when it ends by itself. */
export interface Supervised {
  readonly name: string
  /** Of the process that runs now, or ran last. */
  readonly pid: number
  /** Kills the process (kill -9 unless told otherwise) and resolves when it has ended; it is then started again. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Resolves with its number when it runs: at once, or after its restart. */
  running(): Promise<number>
  /** Ends it for good. */
  stop(): Promise<void>
}

/**
 * Starts a process and keeps it running, with pauses that double from 0.1 to 10 seconds.
 *
 * @param start starts it, resolves when it serves; the first failure is the caller's, later ones are told to `log`
 */
export async function supervise(
  name: string,
  start: () => Promise<RunningServer>,
  log: (line: string) => void,
): Promise<Supervised> {
  let current = await start()
  let restarted: Promise<RunningServer> | undefined
  const stopping = new AbortController()

  async function restart(pauseMs: number, how: string): Promise<RunningServer> {
    log(`${name} ended with ${how}, starting it again`)
    await delay(pauseMs, undefined, { signal: stopping.signal })
    try {
      return await start()
    } catch (error) {
      return await restart(
        Math.min(pauseMs * 2, LONGEST_PAUSE_MS),
        error instanceof Error ? error.message : String(error),
      )
    }
  }

  async function watch(pauseMs: number): Promise<void> {
    const began = performance.now()
    const how = await current.exited
    if (stopping.signal.aborted) return
    const pause = performance.now() - began > SOUND_MS ? FIRST_PAUSE_MS : pauseMs
    restarted = restart(pause, how)
    current = await restarted
    restarted = undefined
    if (stopping.signal.aborted) return await current.stop()
    await watch(Math.min(pause * 2, LONGEST_PAUSE_MS))
  }
  const watching = watch(FIRST_PAUSE_MS).catch(() => undefined) // Ends by abort alone.

  return {
    name,
    get pid() {
      return current.pid
    },
    async kill(signal = 'SIGKILL') {
      const { pid, exited } = current
      process.kill(pid, signal)
      await exited
    },
    running: async () => (await (restarted ?? current)).pid,
    async stop() {
      stopping.abort()
      await current.stop()
      await watching
    },
  }
}

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
  /** Kills the process with kill -9 and keeps it away. @returns what starts it again, and resolves when it serves */
  takeDown(): Promise<() => Promise<void>>
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
  /** Resolves when the process may be started. */
  let allowed: Promise<void> = Promise.resolve()

  async function restart(pauseMs: number, how: string): Promise<RunningServer> {
    log(`${name} ended with ${how}, starting it again`)
    await delay(pauseMs, undefined, { signal: stopping.signal })
    await allowed
    stopping.signal.throwIfAborted()
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
  async function kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const { pid, exited } = current
    process.kill(pid, signal)
    await exited
  }

  const running = async () => (await (restarted ?? current)).pid
  const watching = watch(FIRST_PAUSE_MS).catch(() => undefined) // Ends by abort alone.

  return {
    name,
    get pid() {
      return current.pid
    },
    kill,
    async takeDown() {
      let allow = () => {}
      allowed = new Promise((resolve) => {
        allow = resolve
        stopping.signal.addEventListener('abort', () => resolve())
      })
      await kill()
      return async () => {
        allow()
        await running()
      }
    },
    running,
    async stop() {
      stopping.abort()
      await current.stop()
      await watching
    },
  }
}

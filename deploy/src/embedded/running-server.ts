import type { TiedProcess } from './tied-process.ts'

const STOP_MS = 20_000

/** A server process under our care. */
export interface RunningServer {
  readonly pid: number
  /** Resolves when the process has ended, with how. */
  readonly exited: Promise<string>
  /** Ends it in order, by force after twenty seconds; resolves when it has ended. May be called twice. */
  stop(): Promise<void>
}

/** Sends `signal`, waits for the end, and kills what does not end in time. */
export async function stopProcess(child: Pick<TiedProcess, 'exited' | 'kill'>, signal: NodeJS.Signals): Promise<void> {
  const impatience = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  child.kill(signal)
  await child.exited.finally(() => clearTimeout(impatience))
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { repositoryDir } from '../embedded/server-program.ts'

const STELLA = join(repositoryDir, 'cli', 'bin', 'stella.js')

/** Runs `stella` in the repository's folder. @returns its standard output */
export type RunStella = (...args: string[]) => Promise<string>

/** A command of the demo that did not succeed. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed'
}

/**
 * Runs the real command line as a user would, showing each command before it runs. Progress goes to standard error.
 *
 * @param tell receives the lines of the demo
 * @throws CommandFailed when a command exits with anything but 0
 */
export function stellaRunner(env: NodeJS.ProcessEnv, tell: (line: string) => void, signal: AbortSignal): RunStella {
  return async (...args) => {
    tell(`\n$ stella ${args.map(shellWord).join(' ')}`)
    const child = spawn(process.execPath, [STELLA, ...args], {
      cwd: repositoryDir,
      env,
      signal,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [output, [code, killedBy]] = await Promise.all([text(child.stdout), once(child, 'close')])
    if (code === 0) return output
    throw new CommandFailed(`stella ${args.map(shellWord).join(' ')}: ended with ${code ?? killedBy}`)
  }
}

function shellWord(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

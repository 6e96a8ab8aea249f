import { exitCodes } from '@stella/core'
import { failureLines } from './failure-lines.ts'
import { say } from './output.ts'
import { runStella } from './program.ts'
import { readSettings } from './settings.ts'

const interrupt = new AbortController()
// Once: a second SIGINT ends the process at once.
process.once('SIGINT', () => interrupt.abort())
// A reader that left, as `stella … | head` does, is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 8))

try {
  process.exitCode = await runStella(process.argv.slice(2), {
    settings: readSettings(process.env, process.cwd()),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: interrupt.signal,
  })
} catch (error) {
  say(process, ...failureLines(error))
  process.exitCode = exitCodes.failed
}
// A spooled upload or an idle connection would keep the process for seconds.
process.stdin.destroy()

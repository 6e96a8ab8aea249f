import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Arguments of psql for one database, without the user's own settings, stopping at the first error. */
export function psqlArguments(url) {
  return ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', url]
}

/** Runs statements, answers what they print. */
export async function psql(url, ...statements) {
  const { stdout } = await run('psql', [...psqlArguments(url), ...statements.flatMap((statement) => ['-c', statement])])
  return stdout.trim()
}

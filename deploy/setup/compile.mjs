import { join } from 'node:path'
import { root } from './paths.mjs'
import { mustRun } from './run-command.mjs'

/** The packages with a main program; project references bring in the rest. */
const programs = ['deploy', 'gateway', 'workers', 'cli', 'reader']

/** Compiles TypeScript to `dist`, only what changed. `everything`: the tests as well, as a type check. */
export async function compile({ everything }) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  await mustRun(process.execPath, [tsc, '-b', ...(everything ? [] : programs)], {
    cwd: root,
    failure: {
      what: 'Could not compile the TypeScript sources',
      todo: 'Correct the errors above and run the same command again.',
    },
  })
}

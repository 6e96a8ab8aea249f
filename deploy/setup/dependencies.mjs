import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { platform, root } from './paths.mjs'
import { mustRun, say } from './run-command.mjs'
import { hashOf, readStamp, writeStamp } from './stamp.mjs'

/** Inside node_modules, so that deleting that folder deletes the stamp too. */
const stampFile = join(root, 'node_modules', '.stella-dependencies')

/** Installs what package-lock.json names, without install scripts, unless it is there already. */
export async function installDependencies() {
  const wanted = await hashOf(['package-lock.json'], [platform])
  if ((await readStamp(stampFile)) === wanted) return

  say('installing npm packages')
  const npm = npmCommand()
  await mustRun(
    npm.program,
    [...npm.args, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'],
    {
      cwd: root,
      failure: {
        what: 'Could not install the npm packages',
        todo: 'The first set-up needs npm 10 or later and a network that reaches the npm registry. Then run the same command again.',
      },
    },
  )
  await writeStamp(stampFile, wanted)
}

/** The npm that runs this script, else the one on the PATH. */
function npmCommand() {
  const running = process.env.npm_execpath
  if (running && /npm-cli\.c?js$/.test(running) && existsSync(running))
    return { program: process.execPath, args: [running] }
  return { program: 'npm', args: [] }
}

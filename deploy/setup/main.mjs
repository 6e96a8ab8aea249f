// Makes a clone ready to run: npm packages, native module, compiled TypeScript, Postgres and NATS. Each part is skipped when
// current, so the second run needs no network and takes about a second. Plain Node, since it runs before anything is installed.
// `--dev`: also what the tests need.
import { join } from 'node:path'
import { compile } from './compile.mjs'
import { installDependencies } from './dependencies.mjs'
import { withLock } from './lock.mjs'
import { buildNativeModule } from './native-module.mjs'
import { prepareNatsServer } from './nats-server.mjs'
import { setupDir } from './paths.mjs'
import { preparePostgres } from './postgres.mjs'
import { SetupError } from './run-command.mjs'

const oldestNode = [20, 19]

async function main() {
  requireNode()
  const dev = process.argv.includes('--dev')
  await withLock(join(setupDir, 'lock'), async () => {
    await installDependencies()
    // The tests always start their own servers; a program needs those that no variable replaces.
    const servers = [
      (dev || !process.env.DATABASE_URL) && preparePostgres(),
      (dev || !process.env.NATS_URL) && prepareNatsServer(),
    ]
    const outcomes = await Promise.allSettled([...servers, buildNativeModule(), compile({ everything: dev })])
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed) throw failed.reason
  })
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return
  throw new SetupError(
    `Could not set up: this is Node ${process.versions.node}.\nInstall Node ${oldestNode.join('.')} or later.`,
  )
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${error instanceof SetupError ? error.message : error.stack}\n`)
  process.exitCode = 1
}

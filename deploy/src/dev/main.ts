// `npm run dev`: the whole stack in the foreground, with its data under `.stella/` (STELLA_HOME for
// another folder). Standard output: one line, `ready <url>`.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Problem } from '@stella/contracts'
import { repositoryDir } from '../embedded/server-program.ts'
import { writePrivateFile } from '../private-file.ts'
import { type Stack, startStack } from '../stack.ts'
import { watchAncestors } from './ancestors.ts'
import { envFile } from './env-file.ts'
import { portFrom } from './port.ts'
import { onStopSignal } from './stop-signals.ts'

const home = process.env.STELLA_HOME || join(repositoryDir, '.stella')
const environmentFile = join(home, 'dev', 'env')
/** After a request to stop, what has not stopped by then ends with this process. */
const STOP_MS = 30_000

let starting: Promise<Stack> | undefined

function say(line: string): void {
  process.stderr.write(`stella: ${line}\n`)
}

async function stop(why: string): Promise<void> {
  say(`stopping: ${why}`)
  setTimeout(() => process.exit(1), STOP_MS).unref()
  const stack = await starting?.catch(() => undefined)
  if (stack) await rm(environmentFile, { force: true })
  await stack?.stop()
  process.exit(0)
}

async function main(): Promise<void> {
  onStopSignal(stop)
  watchAncestors(process.env.npm_lifecycle_event === 'dev', stop)
  const port = portFrom(process.env.STELLA_PORT)
  starting = startStack({ home, port, env: process.env, log: say })
  const { url, devDir, token } = await starting
  const variables = {
    STELLA_URL: url,
    STELLA_TOKEN: await token({ tenant: 'default', roles: ['Export.Admin'] }),
    STELLA_DEV_DIR: devDir,
  }
  await writePrivateFile(environmentFile, envFile(variables))
  say(`for a shell: . '${environmentFile.replaceAll("'", `'\\''`)}'`)
  process.stdout.write(`ready ${url}\n`)
}

// A reader of our output that has gone must not keep the rest from being stopped.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Problem ? error.message : (error as Error).stack}\n`)
  process.exit(1)
})

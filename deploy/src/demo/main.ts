// `npm run demo`: starts a stack of its own, walks the road with the samples, and says where the verified bundle lies.
import { join } from 'node:path'
import { Problem } from '@stella/contracts'
import { watchAncestors } from '../dev/ancestors.ts'
import { onStopSignal } from '../dev/stop-signals.ts'
import { repositoryDir } from '../embedded/server-program.ts'
import { startStack } from '../stack.ts'
import { walkMirrorRoad } from './mirror-road.ts'
import { walkRoad } from './road.ts'
import { CommandFailed, stellaRunner } from './stella-command.ts'
import { walkTrivyRoad } from './trivy-road.ts'

const workDir = join('.stella', 'demo')
const home = join(repositoryDir, workDir)

function tell(lines: string): void {
  process.stdout.write(`${lines.trimEnd()}\n`)
}

async function main(signal: AbortSignal): Promise<void> {
  tell('starting Postgres, NATS, the gateway and a worker')
  const log = (line: string) => process.stderr.write(`stella: ${line}\n`)
  const stack = await startStack({ home, env: process.env, log })
  try {
    signal.throwIfAborted()
    const token = await stack.token({ tenant: 'default', roles: ['Export.Admin'] })
    // Keys are pinned per server: those of the demo stay in its own folder.
    const settings = { STELLA_URL: stack.url, STELLA_TOKEN: token, XDG_CONFIG_HOME: join(home, 'config') }
    const stella = stellaRunner({ ...process.env, ...settings }, tell, signal)
    const road = { url: stack.url, stella, workDir, tell }
    const bundle = await walkRoad(road)
    await walkTrivyRoad(road)
    await walkMirrorRoad(road)
    tell(`\nThe verified bundle: ${bundle}`)
  } finally {
    await stack.stop()
  }
}

function explain(error: unknown): string {
  if (error instanceof Problem) return error.message
  const advice = `Logs are in ${join(home, 'logs')}. To begin anew: rm -rf ${workDir}, then npm run demo.`
  if (error instanceof CommandFailed) return `The demo did not succeed: ${error.message}.\n${advice}`
  return `The demo did not succeed.\n${(error as Error).stack}\n${advice}`
}

const stopping = new AbortController()
const stop = (why: string): void => stopping.abort(new Problem('internal', `The demo was stopped: ${why}.`))
onStopSignal(stop)
watchAncestors(process.env.npm_lifecycle_event === 'demo', stop)
try {
  await main(stopping.signal)
} catch (error) {
  process.stderr.write(`${explain(stopping.signal.aborted ? stopping.signal.reason : error)}\n`)
  process.exitCode = 1
}
process.exit()

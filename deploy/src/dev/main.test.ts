import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { poll } from '../embedded/poll.ts'
import { repositoryDir } from '../embedded/server-program.ts'
import { commandOf, parentOf, startOf } from '../process-identity.ts'
import { makeTestHome, type TestHome } from '../testing/test-home.ts'

const GONE_MS = 15_000

// Each test starts a whole stack, some of them twice and through npm.
vi.setConfig({ testTimeout: 90_000 })

let home: TestHome
const started: ChildProcess[] = []
beforeEach(async () => {
  home = await makeTestHome()
})
afterEach(async () => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
  for (const pid of stackProcesses()) killIfThere(pid)
  expect(await poll(GONE_MS, async () => (stackProcesses().length === 0 ? true : undefined))).toBe(true)
  await home.remove()
})

/** A test that failed may have left some; those of a sound one may be on their way out. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM')
  } catch {
    // It has ended meanwhile.
  }
}

/** Processes of this test's stack: those that inherited the name of its folder. */
function stackProcesses(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && startOf(pid) !== undefined && environmentOf(pid).includes(`STELLA_HOME=${home.dir}`))
}

/** The first of them that `isWanted`. Never 0: that would name the test's own process group. */
function stackProcess(isWanted: (pid: number) => boolean): number {
  const found = stackProcesses().find(isWanted)
  if (found === undefined) throw new Error('no such process of the stack')
  return found
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8')
  } catch {
    return ''
  }
}

async function start(program: string, ...args: string[]) {
  const child = spawn(program, args, {
    cwd: repositoryDir,
    env: { ...process.env, STELLA_HOME: home.dir, STELLA_PORT: '0' },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  started.push(child)
  const lines: string[] = []
  const complaint = text(child.stderr)
  const ready = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line)
      if (line.startsWith('ready ')) resolve()
    })
    child.on('exit', async () => reject(new Error(await complaint)))
  })
  ready.catch(() => undefined)
  return { child, lines, ready, complaint }
}

const devProgram = join(repositoryDir, 'deploy', 'dist', 'dev', 'main.js')
const startDev = () => start(process.execPath, devProgram)
/** As a user does: npm, its shell, then the program. */
const startByNpm = () => start('npm', 'run', 'dev')

async function expectAllGone() {
  expect(await poll(GONE_MS, async () => (stackProcesses().length === 0 ? true : undefined))).toBe(true)
}

test('npm run dev says ready in one line, leaves what a shell can source, and stops at SIGTERM', async () => {
  const { child, lines, ready } = await startDev()
  await ready
  const environmentFile = join(home.dir, 'dev', 'env')
  expect((await stat(environmentFile)).mode & 0o777).toBe(0o600)
  const sourced = spawnSync('sh', ['-c', `. '${environmentFile}' && printf '%s\\n' "$STELLA_URL" "$STELLA_TOKEN"`])
  const [url, token] = sourced.stdout.toString().split('\n')
  expect(lines).toEqual([`ready ${url}`])

  const listed = await fetch(`${url}/export/profiles`, { headers: { authorization: `Bearer ${token}` } })
  expect(listed.status).toBe(200)

  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
  expect(stackProcesses()).toEqual([])
  expect(existsSync(environmentFile)).toBe(false)
})

test('npm run dev refuses a second start, naming the process that runs', async () => {
  const first = await startDev()
  await first.ready
  const second = await startDev()
  expect(await once(second.child, 'exit')).toEqual([1, null])
  expect(await second.complaint).toContain(`process ${first.child.pid} already runs`)

  first.child.kill('SIGINT')
  await once(first.child, 'exit')
})

test('npm run dev leaves nothing behind when it is killed by kill -9, and starts again', async () => {
  const first = await startDev()
  await first.ready
  first.child.kill('SIGKILL')
  const second = await startDev()
  await second.ready
  second.child.kill('SIGTERM')
  await once(second.child, 'exit')
})

test('npm run dev leaves nothing behind when npm is killed by kill -9', async () => {
  const { child, ready } = await startByNpm()
  await ready
  child.kill('SIGKILL')
  await expectAllGone()
})

test("npm run dev leaves nothing behind when npm's shell is killed by kill -9", async () => {
  const { child, ready } = await startByNpm()
  await ready
  process.kill(
    stackProcess((pid) => parentOf(pid) === child.pid),
    'SIGKILL',
  )
  await expectAllGone()
})

test('npm run dev leaves nothing behind when the shell that ran npm in the foreground is killed by kill -9', async () => {
  const { child, ready } = await start('sh', '-c', 'npm run dev; exit')
  await ready
  child.kill('SIGKILL')
  await expectAllGone()
})

test('npm run dev survives the shell that put it into the background', async () => {
  const { child, ready } = await start('sh', '-c', 'npm run dev & wait; true')
  await ready
  child.kill('SIGKILL')
  await once(child, 'exit')
  // Two looks of the watch later it still runs.
  const url = readFileSync(join(home.dir, 'dev', 'env'), 'utf8').match(/http:[^']+/)?.[0]
  expect(await poll(1500, async () => ((await fetch(`${url}/health/ready`)).ok ? undefined : true))).toBeUndefined()
  process.kill(
    stackProcess((pid) => /^\S*node deploy\S*main.js/.test(commandOf(pid) ?? '')),
    'SIGTERM',
  )
  await expectAllGone()
})

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { blobsSuite } from './blobs-suite.ts'
import { openBlobs } from './open-blobs.ts'

const temporary: string[] = []

function freshRoot(): string {
  const root = mkdtempSync(join(tmpdir(), 'stella blobs-'))
  temporary.push(root)
  return root
}

afterAll(() => {
  for (const root of temporary) rmSync(root, { recursive: true, force: true })
})

blobsSuite('file-blobs', async () => {
  const root = freshRoot()
  return {
    blobs: await openBlobs(pathToFileURL(join(root, 'made', 'when opened')).href),
    damage: async (key, bytes) => writeFileSync(join(root, 'made', 'when opened', key), bytes),
    close: async () => undefined,
  }
})

test('openBlobs() names what is supported when the URL is of another kind', async () => {
  for (const url of [
    'gs://bucket',
    'relative/path',
    '/absolute',
    'file://host/path',
    'file:///',
    'file:///a?b',
    'file:///a%2Fb',
  ]) {
    await expect(openBlobs(url), url).rejects.toMatchObject({ code: 'config/invalid' })
    await expect(openBlobs(url), url).rejects.toThrow('file:///absolute/directory')
  }
})

test('files have mode 0600 and directories 0700', async () => {
  const root = join(freshRoot(), 'root')
  const blobs = await openBlobs(pathToFileURL(root).href)
  await blobs.putBytes({ key: 'acme/uploads/one', bytes: Buffer.from('one') })
  const modes = ['', '.scratch', 'acme', 'acme/uploads', 'acme/uploads/one'].map(
    (path) => statSync(join(root, path)).mode,
  )
  expect(modes.map((mode) => (mode & 0o777).toString(8))).toEqual(['700', '700', '700', '700', '600'])
})

test('a root that is no directory is blob/unavailable', async () => {
  const file = join(freshRoot(), 'file')
  writeFileSync(file, '')
  await expect(openBlobs(pathToFileURL(file).href)).rejects.toMatchObject({ code: 'blob/unavailable' })
})

const mountable = process.platform === 'linux' && process.getuid?.() === 0 && canMount()
describe.skipIf(!mountable && !process.env.CI)('a full disk (needs root, to mount a small tmpfs)', () => {
  const mountPoint = freshRoot()
  beforeAll(() => void execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', mountPoint]))
  afterAll(() => void execFileSync('umount', ['-l', mountPoint]))

  test('is blob/full, leaves nothing behind, and the next put that fits succeeds', async () => {
    const blobs = await openBlobs(pathToFileURL(mountPoint).href)
    const bytes = Buffer.alloc(8 * 1024 * 1024)
    await expect(blobs.putBytes({ key: 'acme/uploads/big', bytes })).rejects.toMatchObject({ code: 'blob/full' })
    expect(await blobs.list('')).toEqual([])
    expect(readdirSync(join(mountPoint, '.scratch'))).toEqual([])
    await blobs.putBytes({ key: 'acme/uploads/small', bytes: bytes.subarray(0, 1024 * 1024) })
    expect(await blobs.list('')).toEqual([{ key: 'acme/uploads/small', sizeBytes: 1024 * 1024 }])
  })

  test('putFile() from another file system moves the file', async () => {
    const blobs = await openBlobs(pathToFileURL(mountPoint).href)
    const file = join(freshRoot(), 'file')
    writeFileSync(file, 'across')
    const known = await blobs.putBytes({ key: 'acme/uploads/known', bytes: Buffer.from('across') })
    await blobs.putFile({ key: 'acme/uploads/moved', file, ...known, move: true })
    expect(await blobs.readBytes({ key: 'acme/uploads/moved', maxBytes: 6, expected: known })).toEqual(
      Buffer.from('across'),
    )
    expect(existsSync(file)).toBe(false)
  })
})

describe('kill -9 of a process in the midst of a put', () => {
  test('leaves nothing visible, and what it wrote is swept', async () => {
    const root = freshRoot()
    const child = putting(
      root,
      `
      const endless = (async function* () {
        for (let chunk = 0; ; chunk++) {
          yield Buffer.alloc(65536, chunk)
          if (chunk === 64) console.log('under way')
        }
      })()
      await blobs.putStream({ key: 'acme/uploads/one', stream: endless, maxBytes: 2 ** 40, signal: AbortSignal.timeout(60000) })`,
    )
    await killedAfterLines(child, 1)

    const blobs = await openBlobs(pathToFileURL(root).href)
    expect(await blobs.list('')).toEqual([])
    expect(readdirSync(join(root, '.scratch'))).toHaveLength(1)
    expect(await blobs.sweepScratch(-60_000)).toBe(1)
  })

  test('at any moment leaves whole blobs only', async () => {
    const root = freshRoot()
    for (const lines of [3, 10, 25]) {
      const child = putting(
        root,
        `
        for (let put = 0; ; put++) {
          const bytes = Buffer.alloc(100_000 + put, process.pid + put)
          const sha256 = createHash('sha256').update(bytes).digest('hex')
          await blobs.putBytes({ key: 'acme/sha256/' + sha256, bytes })
          console.log(sha256)
        }`,
      )
      await killedAfterLines(child, lines)
    }
    const blobs = await openBlobs(pathToFileURL(root).href)
    const stored = await blobs.list('acme/')
    expect(stored.length).toBeGreaterThanOrEqual(38)
    for (const { key, sizeBytes } of stored) {
      const stream = await blobs.read({ key, sizeBytes })
      for await (const chunk of stream) expect(chunk.byteLength).toBeGreaterThan(0)
    }
  })
})

/** A process on the compiled package (set-up compiled it) that puts blobs. */
function putting(root: string, body: string): ChildProcess {
  const module = new URL('../../dist/index.js', import.meta.url).href
  const source = `
    import { createHash } from 'node:crypto'
    import { openBlobs } from ${JSON.stringify(module)}
    const blobs = await openBlobs(${JSON.stringify(pathToFileURL(root).href)})
    ${body}`
  return spawn(process.execPath, ['--input-type=module', '--eval', source], { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** Kills a process once it printed some lines. */
async function killedAfterLines(child: ChildProcess, lines: number): Promise<void> {
  const exited = once(child, 'exit')
  let printed = 0
  for await (const text of child.stdout ?? []) {
    printed += String(text).split('\n').length - 1
    if (printed >= lines) child.kill('SIGKILL')
  }
  expect(await exited).toEqual([null, 'SIGKILL'])
}

function canMount(): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'stella-mount-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', directory], { stdio: 'ignore' })
    execFileSync('umount', [directory])
    return true
  } catch {
    console.warn('skipped: a full disk: run as root where tmpfs can be mounted')
    return false
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

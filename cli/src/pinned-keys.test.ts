import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'

import type { PublicKey } from '@stella/contracts'
import { readPublicKey } from '@stella/core'
import { expect, test } from 'vitest'

import { pinOfferedKeys, readPinnedKeys } from './pinned-keys.ts'
import { readSettings } from './settings.ts'
import { testFolder } from './testing/captured-shell.ts'

function newKey(): PublicKey {
  const { publicKey } = generateKeyPairSync('ed25519')
  return readPublicKey(publicKey.export({ type: 'spki', format: 'pem' }).toString())
}

function pinner(folder: string, url = 'http://127.0.0.1:8080') {
  const stderr = new PassThrough()
  const settings = readSettings({ XDG_CONFIG_HOME: folder, STELLA_URL: url }, folder)
  const shell = { settings, stdin: Readable.from([]), stdout: stderr, stderr, signal: new AbortController().signal }
  return async (...keys: PublicKey[]) => {
    await pinOfferedKeys({ listKeys: async () => keys }, shell)
    return { said: String(stderr.read() ?? ''), pinned: (await readPinnedKeys(settings)).map(({ id }) => id).sort() }
  }
}

test('pinOfferedKeys() pins the keys of a server on first use, and says so', async () => {
  const [first, second] = [newKey(), newKey()]
  const { said, pinned } = await pinner(testFolder())(first, second)
  expect(pinned).toEqual([first.id, second.id].sort())
  expect(said).toContain(`pinned key ${first.id}`)
})

test('a pinned key is a file by its id alone, with nothing left beside it', async () => {
  const [folder, key] = [testFolder(), newKey()]
  await pinner(folder)(key)
  const root = join(folder, 'stella', 'trusted-keys')
  expect(readdirSync(root).flatMap((server) => readdirSync(join(root, server)))).toEqual([`${key.id}.pem`])
})

test.each(['', 'no key'])('readPinnedKeys() names a pin that holds %j, and says what to do', async (text) => {
  const folder = testFolder()
  const file = join(folder, 'stella', 'trusted-keys', 'server', 'broken.pem')
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, text)
  const failure = readPinnedKeys(readSettings({ XDG_CONFIG_HOME: folder }, folder))
  await expect(failure).rejects.toMatchObject({
    kind: 'failed',
    message: `the pinned keys cannot be used: the key ${file} cannot be used: it is no public key in PEM`,
    advice: expect.stringContaining(`remove ${file}`),
  })
})

test('pinOfferedKeys() pins nothing later: silent for known keys, a warning for others', async () => {
  const [known, other] = [newKey(), newKey()]
  const offer = pinner(testFolder())
  await offer(known)

  expect(await offer(known)).toEqual({ said: '', pinned: [known.id] })
  expect(await offer(known, other)).toEqual({
    said: expect.stringContaining(`not pinned: ${other.id}`),
    pinned: [known.id],
  })
  expect(await offer(other)).toEqual({ said: expect.stringContaining('WARNING'), pinned: [known.id] })
})

test('pinOfferedKeys() keeps the keys of servers apart', async () => {
  const folder = testFolder()
  const [first, second] = [newKey(), newKey()]
  await pinner(folder)(first)
  const { said, pinned } = await pinner(folder, 'https://export.example')(second)
  expect(pinned).toEqual([first.id, second.id].sort())
  expect(said).not.toContain('WARNING')
})

test('pinOfferedKeys() refuses a key whose id is not its own', async () => {
  const { said, pinned } = await pinner(testFolder())({ ...newKey(), id: '../../evil' })
  expect(pinned).toEqual([])
  expect(said).toContain('cannot be trusted')
})

import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { type ExportManifest, MAX_MANIFEST_BYTES } from '@stella/contracts'
import type { TestStack } from '@stella/deploy'
import { decryptMembers } from '@stella/native'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { root, textOf } from './source-files.ts'
import { type Encryption, type Exported, fileIn, listIn, next, old, startEncryption } from './support/encryption.ts'
import { forgeFile, forgeList } from './support/forged-encryption.ts'
import { ingest } from './support/tenant.ts'

let stack: TestStack
let at: Encryption
let plain: Exported
let sealed: Exported

beforeAll(async () => {
  ;({ stack, at, plain, sealed } = await startEncryption('decryption', 'prof_sealed_full'))
})
afterAll(() => stack?.stop())

describe('decrypting', () => {
  test('by an identity of nobody it is for is refused, and so is what is none', async () => {
    writeFileSync(join(at.tenant.directory, 'none.txt'), `# created: never\n${old.recipient}\n`)
    writeFileSync(join(at.tenant.directory, 'empty.txt'), '# nothing\n')
    for (const [identity, exit, reason] of [
      ['next.txt', 6, /nothing was written: .*\.age is encrypted to other recipients/],
      ['none.txt', 2, /none\.txt cannot be used: line 2 of the identity file is no age identity/],
      ['empty.txt', 2, /the identity file holds no identity/],
      ['absent.txt', 4, /there is no such file/],
    ] as const) {
      const { code, stderr, out } = await at.decrypted(sealed.bundle, identity)
      expect([code, stderr, existsSync(out)]).toEqual([exit, expect.stringMatching(reason), false])
    }
    const left = readdirSync(at.tenant.directory).filter((name) => name.startsWith('.stella'))
    expect(left).toEqual([])
  })

  test('what is not encrypted is refused; a file that is there stays, unless it is to be replaced', async () => {
    expect(await at.decrypted(plain.bundle, 'old.txt')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('it is not encrypted') as string,
    })
    const { out } = await at.decrypted(sealed.bundle, 'old.txt')
    const again = ['mirror', 'decrypt', sealed.bundle, '--identity', 'old.txt', '--out', out]
    expect((await at.tenant.stella(...again)).code).toBe(2)
    expect((await at.tenant.stella(...again, '--force')).code).toBe(0)
  })

  test('to something else than the manifest names is refused, though all is signed', async () => {
    const tree = at.unpack(sealed.bundle)
    const path = 'indexes/vex.index.json'
    const index = readFileSync(join(at.unpack(plain.bundle), path)).toString()
    const source = at.place('source')
    writeFileSync(source, index.replace('"1"', '"2"'))
    const keys = await forgeFile(at, tree, { path, source })
    expect((await at.tenant.stella('export', 'verify', tree, ...keys)).code).toBe(0)
    const refused = await at.decrypted(tree, 'old.txt', ...keys)
    expect([refused.code, refused.stderr, existsSync(refused.out)]).toEqual([
      6,
      expect.stringMatching(`something else than its signed export.json names[^]*${path}: it was`),
      false,
    ])
  })

  test.each([
    ['a bomb in place of a file', 'prof_sealed_full', 'indexes/vex.index.json', null],
    ['a bomb in place of a file, of a strict one', 'prof_strict', 'indexes/vex.index.json', null],
    ['a bomb in place of a file that is compressed', 'prof_strict', 'vex/raw/000000.tar.zst', null],
    ['a bomb in place of the manifest', 'prof_strict', 'export.json', MAX_MANIFEST_BYTES],
  ])('to %s is refused at the limit, though all is signed', async (_, profile, path, limit) => {
    const { bundle, manifest } = await at.exported(profile)
    const tree = at.unpack(bundle)
    const source = at.place('bomb')
    writeFileSync(source, '')
    truncateSync(source, (limit ?? 16 * 1024 * 1024) + 1)
    const keys = await forgeFile(at, tree, { path, source })
    expect((await at.tenant.stella('export', 'verify', tree, ...keys)).code).toBe(0)
    const stated = manifest.content.files.find((file) => file.path === path)?.size
    const name = `${path.replace(/\.zst$/, '')}.zst.age`
    const refused = await at.decrypted(tree, 'old.txt', ...keys)
    expect([refused.code, refused.stderr, existsSync(refused.out)]).toEqual([
      6,
      expect.stringMatching(
        `nothing was written: ${name} .* holds more than ${limit ?? stated} bytes, the limit for this file\n.*do not use it`,
      ),
      false,
    ])
  })

  test.each([
    ['no zstd', Buffer.from('{}\n'), 'what it holds is no zstd frame'],
    ['zstd with something behind it', Buffer.concat([packed('{}\n'), packed('')]), 'something follows its zstd frame'],
    ['zstd that was cut', packed('{}\n').subarray(0, -1), 'its zstd frame is cut short'],
  ])('to %s is refused, though all is signed', async (_, content, reason) => {
    const tree = at.unpack(sealed.bundle)
    const source = at.place('source')
    writeFileSync(source, content)
    // By this name it is encrypted as it is, and lies where the file does that is compressed.
    const keys = await forgeFile(at, tree, { path: 'indexes/vex.index.json.zst', source })
    const refused = await at.decrypted(tree, 'old.txt', ...keys)
    expect([refused.code, refused.stderr, existsSync(refused.out)]).toEqual([
      6,
      expect.stringMatching(`indexes/vex.index.json.zst.age cannot be decrypted: ${reason}\n.*do not use it`),
      false,
    ])
  })

  test('a strict one whose list is of other files than its manifest is refused, though all is signed', async () => {
    const { bundle } = await at.exported('prof_strict')
    const [gone, added] = [at.unpack(bundle), at.unpack(bundle)]
    rmSync(join(gone, 'export.json.zst.age'))
    const keysOfGone = forgeList(
      at,
      gone,
      listIn(gone).files.filter(({ path }) => path !== 'export.json.zst.age'),
    )
    const one = listIn(added).files.find(({ path }) => path.startsWith('indexes/vex'))
    cpSync(join(added, one?.path ?? ''), join(added, 'indexes/z.zst.age'))
    const files = listIn(added).files.flatMap((file) =>
      file.path === one?.path ? [file, { ...file, path: 'indexes/z.zst.age' }] : [file],
    )
    for (const [tree, keys, reason] of [
      [gone, keysOfGone, 'there is no member export.json.zst.age'],
      [added, forgeList(at, added, files), 'something else than its signed export.json names'],
    ] as const) {
      expect((await at.tenant.stella('export', 'verify', tree, ...keys)).code).toBe(0)
      const refused = await at.decrypted(tree, 'old.txt', ...keys)
      expect([refused.code, refused.stderr, existsSync(refused.out)]).toEqual([
        6,
        expect.stringMatching(`nothing was written: .*${reason}\n.*do not use it`),
        false,
      ])
    }
  })

  test('the test vector of docs/formats/encryption.md gives its plaintext', async () => {
    const page = textOf('docs/formats/encryption.md')
    const [, identity = ''] = /^identity +(AGE-SECRET-KEY-1\S+)$/m.exec(page) ?? []
    const [, recipient = ''] = /^recipient +(age1\S+)$/m.exec(page) ?? []
    const [, text = ''] = /^plaintext +"(.+)"$/m.exec(page) ?? []
    const [, hex = ''] = /^ciphertext\n((?:[0-9a-f]+\n)+)/m.exec(page) ?? []
    expect([recipient, text, hex.length > 400]).toEqual([old.recipient, 'Hello, mirror.\\n', true])
    const [, frame = ''] = /^zstd +([0-9a-f]+)$/m.exec(page) ?? []
    const [folder, out] = [at.place('vector'), at.place('vector')]
    mkdirSync(folder)
    writeFileSync(join(folder, 'hello.zst.age'), Buffer.from(hex.replaceAll('\n', ''), 'hex'))
    const by = { identities: identity }
    const members = ['hello', 'hello.zst'].map((path) => ({ path, maxBytes: frame.length / 2 }))
    await decryptMembers({ path: folder, members, by, out })
    expect(readFileSync(join(out, 'hello'), 'utf8')).toBe(JSON.parse(`"${text}"`))
    expect(readFileSync(join(out, 'hello.zst')).toString('hex')).toBe(frame)
  })

  test('so does the test vector of a data key', async () => {
    const [, vector = ''] = textOf('docs/formats/encryption.md').split(/^Of `aes256-gcm-hkdf-1mb`/m)
    const [, key = ''] = /^data key +([0-9a-f]{64})$/m.exec(vector) ?? []
    const [, name = ''] = /^associated data +(.+)$/m.exec(vector) ?? []
    const [, text = ''] = /^plaintext +"(.+)"$/m.exec(vector) ?? []
    const [, hex = ''] = /^ciphertext\n((?:[0-9a-f]+\n)+)/m.exec(vector) ?? []
    const [folder, out] = [at.place('vector'), at.place('vector')]
    mkdirSync(folder)
    writeFileSync(join(folder, `${name}.zst.enc`), Buffer.from(hex.replaceAll('\n', ''), 'hex'))
    const by = { dataKey: Buffer.from(key, 'hex') }
    await decryptMembers({ path: folder, members: [{ path: name, maxBytes: 15 }], by, out })
    expect(readFileSync(join(out, name), 'utf8')).toBe(JSON.parse(`"${text}"`))
  })
})

function packed(text: string): Buffer {
  return execFileSync('zstd', ['--compress', '--stdout'], { input: text })
}

describe('what takes mirrors in', () => {
  test('refuses one that is encrypted, and says what to do', async () => {
    const delta = await newDelta()
    const advice = /is encrypted\n.*decrypt it first: stella mirror decrypt/
    for (const asked of [
      ['apply', sealed.bundle, delta.bundle],
      ['squash', delta.bundle],
    ]) {
      const out = at.place('refused')
      const { code, stderr } = await at.tenant.stella('mirror', ...asked, '--out', out)
      expect([code, stderr, existsSync(out)]).toEqual([6, expect.stringMatching(advice), false])
    }
    const reader = join(root, 'reader/bin/stella-reader.js')
    const site = at.place('site')
    const imported = spawnSync(
      process.execPath,
      [reader, '--root', site, 'import', sealed.bundle, '--key', at.trustedKey()],
      { encoding: 'utf8' },
    )
    expect([imported.status, imported.stderr]).toEqual([6, expect.stringMatching(advice)])
  })

  test('takes decrypted ones: what is applied is what a run writes, with the README of its profile', async () => {
    const delta = await newDelta()
    expect(fileIn(delta.bundle, 'README.md')).toContain('age --decrypt')
    const [base, change] = [await at.decrypted(sealed.bundle, 'old.txt'), await at.decrypted(delta.bundle, 'old.txt')]
    const out = `${at.place('applied')}.tar.zst`
    const applied = await at.tenant.stella('mirror', 'apply', base.out, change.out, '--out', out)
    expect([applied.code, applied.stderr]).toEqual([0, ''])
    expect((await at.verified(out)).code).toBe(0)
    const written = await at.exported('prof_sealed_full')
    expect((JSON.parse(fileIn(out, 'export.json')) as ExportManifest).content).toEqual(written.manifest.content)
  })

  let deltas = 0

  async function newDelta(): Promise<Exported> {
    const modified = new Date(Date.UTC(2031, 0, ++deltas)).toISOString()
    writeFileSync(join(at.tenant.directory, 'new.json'), JSON.stringify({ id: 'TEST-NEW', modified, summary: 'new' }))
    await ingest(at.tenant, join(at.tenant.directory, 'new.json'))
    return at.exported('prof_sealed_delta', '--base', sealed.run.id)
  }
})

describe('recipients', () => {
  const profiles = '/export/profiles/prof_sealed_full'

  async function change(encryption: object | null): Promise<{ status: number; detail: string }> {
    const body = JSON.stringify({ config: { encryption } })
    const answer = await at.tenant.api(profiles, { method: 'PATCH', body, headers: { 'if-match': '*' } })
    const { detail = '' } = (await answer.json()) as { detail?: string }
    return { status: answer.status, detail }
  }

  test('that were changed open what is written from then on, and nothing before', async () => {
    expect((await change({ recipients: [next.recipient] })).status).toBe(200)
    const after = await at.exported('prof_sealed_full')
    expect((await at.decrypted(sealed.bundle, 'old.txt')).code).toBe(0)
    expect((await at.decrypted(sealed.bundle, 'next.txt')).code).toBe(6)
    expect((await at.decrypted(after.bundle, 'next.txt')).code).toBe(0)
    expect((await at.decrypted(after.bundle, 'old.txt')).code).toBe(6)

    expect((await change({ recipients: [next.recipient, old.recipient] })).status).toBe(200)
    const both = await at.exported('prof_sealed_full')
    for (const identity of ['old.txt', 'next.txt']) expect((await at.decrypted(both.bundle, identity)).code).toBe(0)
    expect(listIn(at.unpack(both.bundle))).toMatchObject({ recipients: [next.recipient, old.recipient] })
  })

  test.each([
    [{}, /encryption needs recipients/],
    [{ recipients: [] }, /encryption needs recipients/],
    [{ recipients: Array(101).fill(old.recipient) }, /at most 100/],
    [{ recipients: [old.recipient, old.recipient] }, /a recipient is there twice/],
    [{ recipients: [old.recipient.replace('t7r', 't7x')] }, /recipients\.0: is no age recipient: its checksum/],
    [{ recipients: ['ssh-ed25519 AAAA'] }, /recipients\.0: is no age recipient \(X25519\)/],
    [{ recipients: [old.secret] }, /is no age recipient \(X25519\)/],
    [{ recipients: [old.recipient], scheme: 'kms' }, /scheme/],
  ])('%j are refused, when a profile is created and when it is changed', async (encryption, reason) => {
    const created = await at.create('refused', 'full', encryption)
    expect([created.status, ((await created.json()) as { detail: string }).detail]).toEqual([
      400,
      expect.stringMatching(reason),
    ])
    // A merge patch keeps what it does not name.
    const whole = { recipients: null, ...encryption }
    expect(await change(whole)).toEqual({ status: 400, detail: expect.stringMatching(reason) as string })
  })

  test('are for mirrors alone, and can be taken away', async () => {
    const body = { name: 'raw', kind: 'json', variant: 'raw', config: { encryption: { recipients: [old.recipient] } } }
    const refused = await at.tenant.api('/export/profiles', { method: 'POST', body: JSON.stringify(body) })
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('of kind mirror')])
    expect((await change(null)).status).toBe(200)
    expect((await at.verified((await at.exported('prof_sealed_full')).bundle)).verdict.encrypted).toBe(false)
  })
})

import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { KmsProcess, lacksKms } from '@stella/adapters/testing'
import { startTestStack, type TestStack } from '@stella/deploy'
import { encryptMembers } from '@stella/native'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import {
  dataFiles,
  decompressed,
  type Encryption,
  type Exported,
  fileIn,
  listIn,
  next,
  old,
  openEncryption,
  sha256,
  startEncryption,
} from './support/encryption.ts'
import { lacksJudge } from './support/judge.ts'
import { Reader } from './support/reader.ts'

const noTink = lacksJudge('tink-stream', 'cd tests/judges/tink-stream && go install .')
const KEY = 'alias/stella/kms-encryption/site-1'

describe.skipIf(lacksKms())('a mirror that is encrypted by a KMS key', () => {
  let kms: KmsProcess
  let stack: TestStack
  let at: Encryption
  let plain: Exported
  let sealed: Exported
  let dataKey: string

  beforeAll(async () => {
    kms = await KmsProcess.start()
    await kms.create(KEY)
    await kms.create('alias/stella/another-tenant/theirs')
    stack = await startTestStack({ env: { ...kms.env, ENCRYPTION_KMS_URL: kms.url } })
    at = await openEncryption(stack, 'kms-encryption')
    expect((await at.create('by kms', 'full', { kms_key: 'site-1' })).status).toBe(201)
    plain = await at.exported('prof_plain')
    sealed = await at.exported('prof_by_kms')
    dataKey = await unwrapped(sealed.bundle)
  })
  afterAll(async () => {
    await stack?.stop()
    await kms?.stop()
  })

  /** File of the data key of a bundle, as the KMS unwraps it. */
  async function unwrapped(bundle: string): Promise<string> {
    const list = listIn(at.unpack(bundle))
    if (list.scheme !== 'aes256-gcm-hkdf-1mb') throw new Error(`it is encrypted by ${list.scheme}`)
    const file = at.place('data-key')
    writeFileSync(file, await kms.unwrap(Buffer.from(list.data_key.wrapped, 'base64')))
    return file
  }

  test('is verified without its key, and comes back whole by what the KMS unwraps', async () => {
    expect(await at.verified(sealed.bundle)).toMatchObject({ code: 0, verdict: { ok: true, encrypted: true } })
    expect((await at.tenant.stella('export', 'verify', sealed.bundle)).stdout).toContain(
      'encrypted by the KMS key site-1',
    )
    const { code, stderr, out } = await at.decrypted(sealed.bundle, { dataKey })
    expect([code, stderr]).toEqual([0, ''])
    expect(await at.verified(out)).toMatchObject({ code: 0, verdict: { ok: true, encrypted: false } })
    const [is, wanted] = [at.unpack(out), at.unpack(plain.bundle)]
    for (const { path } of dataFiles(plain.manifest))
      expect(readFileSync(join(is, path)).equals(readFileSync(join(wanted, path))), path).toBe(true)
  })

  test.skipIf(noTink)('is decrypted by Tink and zstd: what comes out is what export.json names', () => {
    const tree = at.unpack(sealed.bundle)
    const hex = readFileSync(dataKey).toString('hex')
    for (const { path, sha256: digest } of dataFiles(sealed.manifest)) {
      const isCompressed = path.endsWith('.zst')
      const input = readFileSync(join(tree, isCompressed ? `${path}.enc` : `${path}.zst.enc`))
      const bytes = execFileSync('tink-stream', [hex, path], { input })
      expect([path, sha256(isCompressed ? bytes : decompressed(bytes))]).toEqual([path, digest])
    }
  })

  test.skipIf(noTink)('is read by Tink also where a file is longer than a segment', async () => {
    const content = randomBytes(5 * 1024 * 1024)
    const [source, out] = [at.place('source'), at.place('sealed')]
    writeFileSync(source, content)
    const key = randomBytes(32)
    const parts = [{ file: source, offset: 0, sizeBytes: null }]
    const member = { path: 'large', sizeBytes: content.length, sha256: sha256(content), parts }
    await encryptMembers({ out, members: [member], by: { dataKey: key }, level: 3 })
    const plain = execFileSync('tink-stream', [key.toString('hex'), 'large'], {
      input: readFileSync(out),
      maxBuffer: 2 * content.length,
    })
    expect(decompressed(plain).equals(content)).toBe(true)
  })

  test('is checked as its README says, and tells how to have the key unwrapped', () => {
    const tree = at.unpack(sealed.bundle)
    const readme = readFileSync(join(tree, 'README.md'), 'utf8')
    writeFileSync(join(tree, 'key.pem'), readFileSync(at.trustedKey()))
    const commands = [...readme.matchAll(/^ {4}(?:base64|openssl|jq).*(?:encrypted\.(?:sig|json)).*$/gm)].map(
      ([line]) => line,
    )
    expect(commands).toHaveLength(4)
    execFileSync('sh', ['-ec', commands.join('\n')], { cwd: tree })
    expect(readFileSync(join(tree, 'wrapped.bin')).length).toBeGreaterThan(32)
    expect(readme).toContain('aws kms decrypt')
  })

  test('is not opened by another key, nor by one of another kind', async () => {
    const other = at.place('other-key')
    writeFileSync(other, Buffer.alloc(32, 7))
    const short = at.place('short-key')
    writeFileSync(short, Buffer.alloc(31, 7))
    for (const [key, exit, reason] of [
      [{ dataKey: other }, 6, /nothing was written: .*\.enc cannot be decrypted: the data key is another one/],
      [{ dataKey: short }, 2, /short-key.* cannot be used: a data key has 32 bytes, this one 31/],
      ['old.txt', 2, /it is encrypted by a data key\n.*give --data-key/],
    ] as const) {
      const { code, stderr, out } = await at.decrypted(sealed.bundle, key)
      expect([code, stderr, existsSync(out)]).toEqual([exit, expect.stringMatching(reason), false])
    }
    const { bundle } = await at.exported('prof_sealed_full')
    const refused = await at.decrypted(bundle, { dataKey })
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(/to age recipients\n.*give --identity/)])
    const none = await at.tenant.stella('mirror', 'decrypt', bundle, '--out', at.place('none'))
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('one key is needed')])
  })

  test('opens after its key was exchanged for another, which new ones are encrypted by', async () => {
    await kms.rotate(KEY)
    const after = await at.exported('prof_by_kms')
    const [before, now] = [await unwrapped(sealed.bundle), await unwrapped(after.bundle)]
    expect((await at.decrypted(sealed.bundle, { dataKey: before })).code).toBe(0)
    expect((await at.decrypted(after.bundle, { dataKey: now })).code).toBe(0)
    expect((await at.decrypted(sealed.bundle, { dataKey: now })).code).toBe(6)
  })

  test('is applied after it was decrypted, with the README that a run of it writes', async () => {
    expect((await at.create('delta by kms', 'delta', { kms_key: 'site-1' })).status).toBe(201)
    const delta = await at.exported('prof_delta_by_kms', '--base', sealed.run.id)
    const open = async (bundle: string) => (await at.decrypted(bundle, { dataKey: await unwrapped(bundle) })).out
    const out = `${at.place('applied')}.tar.zst`
    const words = [await open(sealed.bundle), await open(delta.bundle), '--out', out]
    expect((await at.tenant.stella('mirror', 'apply', ...words)).code).toBe(0)
    expect(fileIn(out, 'README.md')).toBe(fileIn(sealed.bundle, 'README.md'))
  })

  test.each([
    [
      { kms_key: 'absent' },
      /config\.encryption\.kms_key: the KMS refuses the key .*kms-encryption\/absent: NotFoundException/,
    ],
    [
      { kms_key: 'theirs' },
      /config\.encryption\.kms_key: the KMS refuses the key .*kms-encryption\/theirs: NotFoundException/,
    ],
    [{ kms_key: '../another-tenant/theirs' }, /a KMS key is named by/],
    [{ kms_key: 'site-1', recipients: [old.recipient] }, /leave out one of the two/],
  ])('%j are refused, when a profile is created and when it is changed', async (encryption, reason) => {
    const created = await at.create('refused', 'full', encryption)
    expect([created.status, await created.text()]).toEqual([400, expect.stringMatching(reason)])
    const body = JSON.stringify({ config: { encryption } })
    const change = { method: 'PATCH', body, headers: { 'if-match': '*' } }
    const changed = await at.tenant.api('/export/profiles/prof_by_kms', change)
    expect([changed.status, await changed.text()]).toEqual([400, expect.stringMatching(reason)])
  })
})

describe('a mirror that is encrypted strictly', () => {
  let stack: TestStack
  let at: Encryption
  let plain: Exported
  let sealed: Exported

  beforeAll(async () => {
    ;({ stack, at, plain, sealed } = await startEncryption('strict-encryption', 'prof_strict'))
  })
  afterAll(() => stack?.stop())

  test('tells nothing but how it is encrypted', async () => {
    const tree = at.unpack(sealed.bundle)
    const files = readdirSync(tree, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const readable = files.map(({ name }) => name).filter((name) => !name.endsWith('.age'))
    expect(readable.sort()).toEqual(['encrypted.json', 'encrypted.sig'])
    expect(listIn(tree)).toMatchObject({ strict: true, recipients: [old.recipient] })
    for (const path of [sealed.bundle, tree]) {
      const { code, verdict } = await at.verified(path)
      const untold = { run_id: null, tenant: null, profile: null, content_root: null, counts: null }
      expect([code, verdict]).toEqual([
        0,
        expect.objectContaining({ ok: true, encrypted: true, ...untold, faults: [] }),
      ])
    }
    const { stdout } = await at.tenant.stella('export', 'verify', sealed.bundle)
    expect(stdout).toMatch(/^unchecked what it is, and what its files are when decrypted/m)
    expect((await at.tenant.stella('export', 'run', 'verify', sealed.run.id)).code).toBe(0)
  })

  test('decrypted, is the mirror that it was', async () => {
    const { code, stderr, out } = await at.decrypted(sealed.bundle, 'old.txt')
    expect([code, stderr]).toEqual([0, ''])
    expect(await at.verified(out)).toMatchObject({ code: 0, verdict: { ok: true, encrypted: false } })
    const [is, wanted] = [at.unpack(out), at.unpack(plain.bundle)]
    const names = (tree: string) => readdirSync(tree, { recursive: true, encoding: 'utf8' }).sort()
    expect(names(is)).toEqual(names(wanted))
    expect(fileIn(out, 'manifest.yaml')).toContain('prof_strict')
    expect((await at.decrypted(sealed.bundle, 'next.txt')).stderr).toContain('encrypted to other recipients')
  })

  test.each([
    ['takes a file away', 'export.json.zst.age', null],
    ['alters a file', 'signatures/export.sig.zst.age', 'x'],
    ['adds a readable manifest', 'export.json', '{}'],
    ['adds a file', 'indexes/other.zst.age', 'x'],
  ])('whoever %s is found out', async (_, path, content) => {
    const tree = at.unpack(sealed.bundle)
    if (content === null) execFileSync('rm', [join(tree, path)])
    else writeFileSync(join(tree, path), content)
    const { code, verdict } = await at.verified(tree)
    expect([code, verdict.faults.map((fault) => fault.path)]).toEqual([6, [path]])
    expect((await at.decrypted(tree, 'old.txt')).code).toBe(6)
  })

  test('is written again with the same content', async () => {
    const { code, stdout } = await at.tenant.stella('export', 'reproduce', sealed.run.id)
    expect([code, stdout]).toEqual([0, expect.stringContaining('equal      export.json\n')])
  })

  test.each(['first', 'last'])('is not taken for the %s part of a mirror in parts', async (which) => {
    const config = { sharding: { max_bytes: 8192 } }
    await at.create(`parts ${which}`, 'full', undefined, config)
    const folder = at.place('parts')
    await at.tenant.json('export', 'run', 'create', '--profile', `prof_parts_${which}`, '--download', folder)
    const files = readdirSync(folder)
      .filter((name) => name.startsWith('part-'))
      .sort()
    const replaced = files.at(which === 'first' ? 0 : -1) ?? ''
    cpSync(sealed.bundle, join(folder, replaced))
    const { code, stdout } = await at.tenant.stella('export', 'verify', folder)
    expect([code, stdout]).toEqual([
      6,
      expect.stringContaining(`${replaced}: it is encrypted strictly, and no part is`),
    ])
    const reader = new Reader(() => at.trustedKey())
    const imported = await reader.import(folder)
    expect([imported.code, imported.stderr]).toEqual([6, expect.stringContaining('is not what was published')])
  })

  test('is not moved as a layout, nor in parts', async () => {
    const layout = await at.tenant.stella('mirror', 'to-oci', sealed.bundle, '--out', at.place('layout'))
    expect([layout.code, layout.stderr]).toEqual([2, expect.stringContaining('it is encrypted strictly')])
    const strict = { recipients: [next.recipient], strict: true }
    const refused = await at.create('parts', 'full', strict, { sharding: { max_bytes: 4096 } })
    expect([refused.status, await refused.text()]).toEqual([
      400,
      expect.stringContaining('the index of parts is readable'),
    ])
  })

  test('is encrypted by a key in a file as well, which openssl unwraps', async () => {
    const absent = await at.create('by file', 'full', { kms_key: 'site-1', strict: true })
    expect([absent.status, await absent.text()]).toEqual([400, expect.stringMatching(/site-1\.key.* cannot be read/)])
    const key = join(stack.devDir, 'encryption-keys/strict-encryption/site-1.key')
    mkdirSync(dirname(key), { recursive: true })
    const hex = randomBytes(32).toString('hex')
    writeFileSync(key, hex, { mode: 0o600 })
    expect((await at.create('by file', 'full', { kms_key: 'site-1', strict: true })).status).toBe(201)
    const { bundle } = await at.exported('prof_by_file')
    const list = listIn(at.unpack(bundle))
    const input = Buffer.from('data_key' in list ? list.data_key.wrapped : '', 'base64')
    const words = ['enc', '-d', '-id-aes256-wrap', '-iv', 'A6A6A6A6A6A6A6A6', '-K', hex]
    const dataKey = at.place('data-key')
    writeFileSync(dataKey, execFileSync('openssl', words, { input }))
    const { code, out } = await at.decrypted(bundle, { dataKey })
    expect([code, (await at.verified(out)).verdict.ok]).toEqual([0, true])
  })

  test('answers a profile that was asked for again as it did before, though its key is gone', async () => {
    const key = join(stack.devDir, 'encryption-keys/strict-encryption/once.key')
    mkdirSync(dirname(key), { recursive: true })
    writeFileSync(key, randomBytes(32).toString('hex'), { mode: 0o600 })
    const config = { encryption: { kms_key: 'once' } }
    const body = JSON.stringify({ name: 'asked twice', kind: 'mirror', variant: 'full', config })
    const create = (idempotencyKey: string) =>
      at.tenant.api('/export/profiles', { method: 'POST', headers: { 'idempotency-key': idempotencyKey }, body })
    const first = await (await create('the-first-one')).text()
    rmSync(key)
    const again = await create('the-first-one')
    expect([again.status, await again.text()]).toEqual([201, first])
    expect((await create('another-one')).status).toBe(400)
  })
})

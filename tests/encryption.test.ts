import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

import type { TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import {
  dataFiles,
  decompressed,
  type Encryption,
  type Exported,
  fileIn,
  listIn,
  old,
  openEncryption,
  sealedPath,
  sha256,
  startEncryption,
} from './support/encryption.ts'
import { lacksJudge } from './support/judge.ts'
import { post } from './support/tenant.ts'

const noAge = lacksJudge('age', 'apt-get install age')

let stack: TestStack
let at: Encryption
let plain: Exported
let sealed: Exported

beforeAll(async () => {
  ;({ stack, at, plain, sealed } = await startEncryption('encryption', 'prof_sealed_full'))
})
afterAll(() => stack?.stop())

describe('an encrypted mirror', () => {
  test('holds what a plain one holds, and is readable where nothing of that is told', () => {
    expect(dataFiles(sealed.manifest)).toEqual(dataFiles(plain.manifest))
    expect(sealed.manifest.content.mirror).toEqual(plain.manifest.content.mirror)
    const tree = at.unpack(sealed.bundle)
    expect(readdirSync(tree).sort()).toEqual(
      'README.md advisories export.json indexes manifest.yaml provenance.json sboms signatures vex'.split(' '),
    )
    const list = listIn(tree)
    expect(list).toMatchObject({ scheme: 'age-x25519', strict: false, recipients: [old.recipient] })
    expect(list.manifest_sha256).toBe(sha256(readFileSync(join(tree, 'export.json'))))
    expect(list.files.map(({ path }) => path)).toEqual(
      dataFiles(sealed.manifest)
        .map(({ path }) => sealedPath(path))
        .sort(),
    )
    for (const { path, size, sha256: digest } of list.files) {
      const bytes = readFileSync(join(tree, path))
      expect([bytes.length, sha256(bytes)]).toEqual([size, digest])
      expect(bytes.toString('latin1')).toMatch(/^age-encryption\.org\/v1\n-> X25519 /)
      for (const end of ['.age', '.zst.age']) expect(existsSync(join(tree, path.slice(0, -end.length)))).toBe(false)
    }
    expect(readFileSync(join(tree, 'README.md'), 'utf8')).toContain('age --decrypt --identity key.txt')
  })

  test('is verified without its key, and the verdict says what nobody looked at', async () => {
    for (const path of [sealed.bundle, at.unpack(sealed.bundle)]) {
      const { code, verdict } = await at.verified(path)
      expect([code, verdict]).toEqual([
        0,
        expect.objectContaining({ ok: true, encrypted: true, plaintext_checked: false, faults: [] }),
      ])
    }
    const { stdout } = await at.tenant.stella('export', 'verify', sealed.bundle)
    expect(stdout).toContain(`encrypted ${old.recipient}`)
    expect(stdout).toMatch(/^unchecked what the files are when decrypted/m)
    expect((await at.verified(plain.bundle)).verdict).toMatchObject({ encrypted: false, plaintext_checked: true })
    expect((await at.tenant.stella('export', 'run', 'verify', sealed.run.id)).code).toBe(0)
  })

  test('is verified by openssl and sha256sum, as its README says', () => {
    const tree = at.unpack(sealed.bundle)
    const readme = readFileSync(join(tree, 'README.md'), 'utf8')
    const commands = [...readme.matchAll(/^ {4}(?:base64|openssl|jq).*encrypted\.(?:sig|json).*$/gm)].map(
      ([line]) => line,
    )
    expect(commands).toHaveLength(3)
    cpSync(at.trustedKey(), join(tree, 'key.pem'))
    execFileSync('sh', ['-ec', commands.join('\n')], { cwd: tree })
  })

  test.skipIf(noAge)('is decrypted by age and zstd: what comes out is what export.json names', () => {
    const tree = at.unpack(sealed.bundle)
    const identity = join(at.tenant.directory, 'old.txt')
    for (const { path, sha256: digest } of dataFiles(sealed.manifest)) {
      const bytes = execFileSync('age', ['--decrypt', '--identity', identity, join(tree, sealedPath(path))])
      expect([path, sha256(path.endsWith('.zst') ? bytes : decompressed(bytes))]).toEqual([path, digest])
    }
  })

  test.skipIf(noAge)('gives one file by the command of its README', () => {
    const tree = at.unpack(sealed.bundle)
    const [command = ''] = /^ {4}age --decrypt .*$/m.exec(readFileSync(join(tree, 'README.md'), 'utf8')) ?? []
    cpSync(join(at.tenant.directory, 'old.txt'), join(tree, 'key.txt'))
    execFileSync('sh', ['-ec', command], { cwd: tree })
    expect(readFileSync(join(tree, 'advisories.index.json'), 'utf8')).toBe(
      fileIn(plain.bundle, 'indexes/advisories.index.json'),
    )
  })

  test('is about as large as a plain one', async () => {
    const large = await openEncryption(stack, 'large-encryption')
    expect((await post(large.tenant, packagedAdvisories(5000))).summary).toMatchObject({ new: 5000 })
    const [wanted, ...encrypted] = await Promise.all(
      ['prof_plain', 'prof_sealed_full', 'prof_strict'].map(async (profile) => large.exported(profile)),
    )
    const size = ({ bundle }: Exported) => statSync(bundle).size
    if (!wanted) throw new Error('there is no plain mirror')
    for (const one of encrypted) expect(size(one) / size(wanted)).toBeLessThan(1.15)
  })

  test('decrypted, is a mirror as any other', async () => {
    for (const path of [sealed.bundle, at.unpack(sealed.bundle)]) {
      const { code, stderr, out } = await at.decrypted(path, 'old.txt')
      expect([code, stderr]).toEqual([0, ''])
      expect(await at.verified(out)).toMatchObject({ code: 0, verdict: { ok: true, encrypted: false } })
      const [is, wanted] = [at.unpack(out), at.unpack(plain.bundle)]
      for (const { path: file } of dataFiles(plain.manifest))
        expect(readFileSync(join(is, file)).equals(readFileSync(join(wanted, file)))).toBe(true)
      expect(readdirSync(join(is, 'signatures')).sort()).toEqual(readdirSync(join(wanted, 'signatures')).sort())
      expect(fileIn(out, 'export.json')).toBe(fileIn(sealed.bundle, 'export.json'))
    }
  })

  test('in parts is encrypted part by part', async () => {
    const config = { encryption: { recipients: [old.recipient] }, sharding: { max_bytes: 4096 } }
    const body = JSON.stringify({ name: 'sealed parts', kind: 'mirror', variant: 'full', config })
    expect((await at.tenant.api('/export/profiles', { method: 'POST', body })).status).toBe(201)
    const folder = at.place('parts')
    await at.tenant.json('export', 'run', 'create', '--profile', 'prof_sealed_parts', '--download', folder)
    expect(await at.verified(folder)).toMatchObject({ code: 0, verdict: { ok: true, encrypted: true } })
    const part = await at.decrypted(join(folder, 'part-001.tar.zst'), 'old.txt')
    expect(await at.verified(part.out)).toMatchObject({ code: 0, verdict: { ok: true, encrypted: false } })
  })

  test('is written again with the same content, though no byte of its files is the same', async () => {
    const out = `${at.place('again')}.tar.zst`
    const { code, stdout } = await at.tenant.stella('export', 'reproduce', sealed.run.id, '--out', out)
    expect([code, stdout]).toEqual([0, expect.not.stringContaining('DIFFERENT')])
    expect(stdout).toContain('equal      indexes/advisories.index.json\n')
    expect(fileIn(out, 'export.json')).toBe(fileIn(sealed.bundle, 'export.json'))
    expect(fileIn(out, 'signatures/encrypted.json')).not.toBe(fileIn(sealed.bundle, 'signatures/encrypted.json'))
  })
})

/** Advisories, a line each, of which mostly their packages tell, so that most of a mirror of them is its index. */
function packagedAdvisories(count: number): string {
  return Array.from({ length: count }, (_, index) => {
    const affected = Array.from({ length: 4 }, (_, place) => ({
      package: { ecosystem: 'npm', name: `package-${(index * 31 + place * 101) % 20_000}` },
      ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: `1.${index % 90}.0` }] }],
    }))
    return JSON.stringify({ id: `PACK-${index}`, modified: '2024-01-01T00:00:00Z', affected })
  }).join('\n')
}

describe('whoever changes an encrypted mirror', () => {
  const index = 'indexes/advisories.index.json.zst.age'
  const edits: [string, (tree: string) => void][] = [
    ['alters an encrypted file', (tree) => flip(join(tree, index))],
    ['takes one away', (tree) => rmSync(join(tree, index))],
    ['swaps two', (tree) => swap(join(tree, index), join(tree, 'indexes/vex.index.json.zst.age'))],
    ['cuts one', (tree) => writeFileSync(join(tree, index), readFileSync(join(tree, index)).subarray(0, -1))],
    ['adds a file', (tree) => writeFileSync(join(tree, 'indexes/other.zst.age'), 'x')],
    ['adds a plain file', (tree) => writeFileSync(join(tree, 'indexes/vex.index.json'), '{}')],
    ['adds a signed manifest', (tree) => addChain(tree)],
    [
      'alters the list',
      (tree) => edit(tree, 'signatures/encrypted.json', (text) => text.replace(/"size":\d/, '"size":1')),
    ],
    ['takes the list away', (tree) => rmSync(join(tree, 'signatures/encrypted.json'))],
    ['takes its signature away', (tree) => rmSync(join(tree, 'signatures/encrypted.sig'))],
    [
      'puts another signature there',
      (tree) => cpSync(join(tree, 'signatures/export.sig'), join(tree, 'signatures/encrypted.sig')),
    ],
    [
      'takes list and signature away',
      (tree) => {
        for (const end of ['json', 'sig']) rmSync(join(tree, `signatures/encrypted.${end}`))
      },
    ],
    ['alters the README', (tree) => edit(tree, 'README.md', (text) => `${text}\n`)],
    [
      'alters the manifest',
      (tree) => edit(tree, 'export.json', (text) => text.replace('"generation":3', '"generation":4')),
    ],
  ]

  test.each(edits)('%s is found, and nothing is decrypted', async (_, change) => {
    const tree = at.unpack(sealed.bundle)
    change(tree)
    const { code, verdict } = await at.verified(tree)
    expect([code, verdict.ok, verdict.faults.length > 0]).toEqual([6, false, true])
    const { code: refused, stderr, out } = await at.decrypted(tree, 'old.txt')
    expect([refused, stderr, existsSync(out)]).toEqual([6, expect.stringContaining('is not what was published'), false])
  })

  test('gives it the encrypted files of another run of it is found', async () => {
    const [tree, other] = [at.unpack(sealed.bundle), at.unpack((await at.exported('prof_sealed_full')).bundle)]
    for (const end of ['json', 'sig'])
      cpSync(join(other, `signatures/encrypted.${end}`), join(tree, `signatures/encrypted.${end}`))
    for (const { path } of listIn(other).files) cpSync(join(other, path), join(tree, path))
    const { code, verdict } = await at.verified(tree)
    expect([code, verdict.faults.map(({ path }) => path)]).toEqual([6, ['signatures/encrypted.json']])
  })

  function flip(path: string): void {
    const bytes = readFileSync(path)
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    writeFileSync(path, bytes)
  }

  function swap(a: string, b: string): void {
    renameSync(a, `${a}.swap`)
    renameSync(b, a)
    renameSync(`${a}.swap`, b)
  }

  function edit(tree: string, path: string, change: (text: string) => string): void {
    const text = readFileSync(join(tree, path), 'utf8')
    expect(change(text)).not.toBe(text)
    writeFileSync(join(tree, path), change(text))
  }

  function addChain(tree: string): void {
    mkdirSync(join(tree, 'signatures/chain/000'), { recursive: true })
    for (const name of ['export.json', 'signatures/export.sig'])
      cpSync(join(tree, name), join(tree, 'signatures/chain/000', name.split('/').at(-1) ?? ''))
  }
})

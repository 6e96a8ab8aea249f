import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'

import { verifyExport } from '@stella/core'
import { beforeEach, expect, test } from 'vitest'

import { readKeyFile } from '../key-file.ts'
import { readPublishedExport } from '../published-export.ts'
import { stella, testFolder } from '../testing/captured-shell.ts'
import { filesOf, packTree, type SignedExport, writeSignedExport } from '../testing/signed-export.ts'

const LANES = 4
const FLIPS_MS = 60_000
const never = new AbortController().signal
let folder: string
let sound: SignedExport

beforeEach(async () => {
  folder = testFolder()
  sound = await writeSignedExport(folder)
})

function verify(path: string, ...options: string[]) {
  return stella(['export', 'verify', path, '--key', sound.key, ...options], { folder })
}

test('verify finds a bundle and its folder sound, without a server', async () => {
  for (const path of [sound.bundle, sound.tree]) {
    const { code, stdout, stderr } = await verify(path, '--json')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toEqual({
      ok: true,
      key_id: (await readKeyFile(sound.key)).id,
      content_root: expect.stringMatching(/^sha256:/),
      run_id: 'run_1',
      tenant: 'default',
      profile: 'prof_raw',
      ledger_revision: 1,
      counts: { advisories: 2, vex: 0, sboms: 1 },
      encrypted: false,
      plaintext_checked: true,
      faults: [],
    })
  }
  const { stdout } = await verify(sound.bundle)
  expect(stdout.replaceAll(/ +/g, ' ').split('\n')).toEqual(
    expect.arrayContaining(['tenant default', 'profile prof_raw', 'revision 1 of the ledger']),
  )
  expect(stdout).toContain('2 advisories, 0 vex, 1 sboms')
})

test('every flip of a byte of a bundle is found, and names a file', { timeout: FLIPS_MS }, async () => {
  const keys = [await readKeyFile(sound.key)]
  const bytes = readFileSync(sound.bundle)
  const named = new Set<string>()

  async function flipEvery(first: number): Promise<void> {
    const path = join(folder, `flipped-${first}`)
    for (let offset = first; offset < bytes.length; offset += LANES) {
      const flipped = Buffer.from(bytes)
      flipped[offset] = (flipped[offset] ?? 0) ^ (1 << (offset % 8))
      await writeFile(path, flipped)
      const { faults } = verifyExport({ ...(await readPublishedExport({ path }, never)), keys })
      expect(faults, `byte ${offset}`).not.toHaveLength(0)
      for (const fault of faults) named.add(fault.path === path ? 'the bundle' : fault.path)
    }
  }
  await Promise.all(Array.from({ length: LANES }, (_, lane) => flipEvery(lane)))

  expect([...named].sort()).toEqual([
    'advisories/normalized.jsonl.zst',
    'export.json',
    'provenance.json',
    'sboms/shop_1.0.0/sbom.cdx.json',
    'signatures/export.sig',
    'signatures/provenance.sigstore.json',
    'the bundle',
  ])
})

test('verify exits with 6 and names what is altered, absent and extra in a folder', async () => {
  writeFileSync(join(sound.tree, 'sboms/shop_1.0.0/sbom.cdx.json'), '{}')
  writeFileSync(join(sound.tree, 'extra.txt'), '')
  rmSync(join(sound.tree, 'advisories'), { recursive: true })
  const { code, stdout, stderr } = await verify(sound.tree)

  expect(code).toBe(6)
  expect(stdout.split('\n').slice(0, 3)).toEqual([
    'advisories/normalized.jsonl.zst: it is absent',
    'extra.txt: it is not among the files of export.json',
    'sboms/shop_1.0.0/sbom.cdx.json: it is short: 2 of 26 bytes',
  ])
  expect(stderr).toContain('3 files differ')
})

test('verify takes a manifest and a signature given beside the bundle', async () => {
  const [manifest, sig] = [join(sound.tree, 'export.json'), join(sound.tree, 'signatures/export.sig')]
  expect((await verify(sound.bundle, '--manifest', manifest, '--sig', sig)).code).toBe(0)

  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('run_1', 'run_2'))
  const { code, stdout } = await verify(sound.bundle, '--manifest', manifest)
  expect(code).toBe(6)
  expect(stdout).toContain(`export.json: it differs from ${manifest}`)
})

test('verify exits with 6 where a signature given beside the bundle is not the one inside', async () => {
  const [inside, given] = [join(sound.tree, 'signatures/export.sig'), join(folder, 'given.sig')]
  const good = readFileSync(inside, 'utf8')
  writeFileSync(given, good.trimEnd())
  const fault = `signatures/export.sig: it differs from ${given}`
  expect(await verify(sound.bundle, '--sig', given)).toMatchObject({ code: 6, stdout: `${fault}\n` })

  writeFileSync(given, good)
  writeFileSync(inside, 'anything')
  expect(await verify(sound.tree, '--sig', given)).toMatchObject({ code: 6, stdout: `${fault}\n` })
  rmSync(inside)
  expect((await verify(sound.tree, '--sig', given)).code).toBe(0)
})

test('verify exits with 6 where the members bear another time than the ledger', async () => {
  const names = readdirSync(sound.tree, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = names.map(({ parentPath, name }) => relative(sound.tree, join(parentPath, name)))
  const contents = Object.fromEntries(paths.map((path) => [path, readFileSync(join(sound.tree, path))]))
  const again = { ...sound, bundle: join(folder, 'again.tar.zst') }
  await packTree(again, filesOf(contents))
  expect((await verify(again.bundle)).code).toBe(0)

  await packTree(again, filesOf(contents), 0)
  const { code, stdout } = await verify(again.bundle)
  expect(code).toBe(6)
  expect(stdout).toBe(`${again.bundle}: its members have the time 0, export.json says 2025-01-31T00:00:00Z\n`)
})

test('verify shows what steers a terminal by its code', async () => {
  writeFileSync(join(sound.tree, 'x\u001b[2J\nexport.json: sound'), '')
  const { code, stdout } = await verify(sound.tree)
  expect(code).toBe(6)
  expect(stdout).toBe(
    'x\\u001b[2J\\u000aexport.json: sound: its path cannot stand in a bundle: it has a control character\n',
  )
})

test('verify refuses a pipe at once, which would be read for ever', async () => {
  const pipe = join(folder, 'pipe.tar.zst')
  execFileSync('mkfifo', [pipe])
  const { code, stderr } = await verify(pipe)
  expect(code).toBe(2)
  expect(stderr).toContain('it is neither a file nor a folder')
})

test('verify exits with 2 without a key, 4 without a bundle, 6 on what is no bundle', async () => {
  const noKey = await stella(['export', 'verify', sound.bundle], { folder })
  expect(noKey.code).toBe(2)
  expect(noKey.stderr).toContain('--key key.pem')

  expect((await verify('/nowhere')).code).toBe(4)
  expect((await verify(sound.bundle, '--key', sound.bundle)).code).toBe(2)
  expect((await verify(sound.key)).code).toBe(6)
})

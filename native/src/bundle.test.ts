import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { type BundleMember, packBundle } from './pack-bundle.ts'
import { readMember } from './read-member.ts'
import { scanBundle } from './scan-bundle.ts'
import { scanFolder } from './scan-folder.ts'

const files = {
  'export.json': '{"schema_version":"1"}\n',
  'sboms/app/sbom.cdx.json': '{"bomFormat":"CycloneDX"}'.repeat(2000),
}
const settings = { mtime: 1_735_689_600, level: 3, frameBytes: 8192 }
let folder: string
let bundle: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stella-bundle-'))
  bundle = join(folder, 'bundle.tar.zst')
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(folder, 'tree', path, '..'), { recursive: true })
    await writeFile(join(folder, 'tree', path), content)
  }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('packBundle() gives the same bytes for any order of members', async () => {
  const packed = await packBundle({ out: bundle, members: members(), ...settings })
  const bytes = await readFile(bundle)
  expect(packed).toEqual({ sizeBytes: bytes.length, sha256: sha256(bytes) })
  const again = await packBundle({ out: join(folder, 'again'), members: members().reverse(), ...settings })
  expect(again).toEqual(packed)
})

test('scanBundle() and scanFolder() report the same members, readMember() their bytes', async () => {
  await packBundle({ out: bundle, members: members(), ...settings })
  const packed = await scanBundle(bundle)
  const tree = await scanFolder(join(folder, 'tree'))
  expect(packed.members).toEqual(members().map(({ parts, ...member }) => ({ ...member, lines: null })))
  expect(packed).toEqual({ mtime: settings.mtime, members: tree.members, faults: [] })
  expect(tree.mtime).toBeNull()
  for (const [path, content] of Object.entries(files)) {
    expect(String(await readMember(bundle, path, 1e6))).toBe(content)
    expect(String(await readMember(join(folder, 'tree'), path, 1e6))).toBe(content)
  }
})

test('scanBundle() names the member whose byte was changed, and null for the container', async () => {
  await packBundle({ out: bundle, members: members(), ...settings })
  const bytes = await readFile(bundle)
  for (const [offset, path] of [
    [30, 'export.json'],
    [bytes.length - 1, null],
  ] as const) {
    const changed = Buffer.from(bytes)
    changed[offset] = (changed[offset] ?? 0) ^ 1
    await writeFile(join(folder, 'changed'), changed)
    const { faults } = await scanBundle(join(folder, 'changed'))
    expect(faults.map((fault) => fault.path)).toEqual([path])
  }
})

test('each failure has its problem code', async () => {
  const [first, second] = members()
  if (!first || !second) throw new Error('two members are needed')
  const pack = (...list: BundleMember[]) => packBundle({ out: join(folder, 'refused'), members: list, ...settings })
  const resized = (sizeBytes: number, partBytes: number | null) => ({
    ...first,
    sizeBytes,
    parts: first.parts.map((part) => ({ ...part, sizeBytes: partBytes })),
  })
  await expect(pack(first, first)).rejects.toMatchObject({ code: 'bundle/invalid' })
  await expect(pack({ ...first, path: '../x' })).rejects.toMatchObject({ code: 'bundle/invalid' })
  await expect(pack(resized(99, 99))).rejects.toMatchObject({ code: 'blob/short' })
  await expect(pack(resized(3, null))).rejects.toMatchObject({ code: 'blob/long' })
  await expect(pack({ ...first, sha256: second.sha256 })).rejects.toMatchObject({ code: 'blob/altered' })
  await expect(pack(resized(0.5, null))).rejects.toMatchObject({ code: 'request/invalid', field: 'sizeBytes' })
  await expect(readFile(join(folder, 'refused'))).rejects.toMatchObject({ code: 'ENOENT' })

  await packBundle({ out: bundle, members: members(), ...settings })
  await expect(readMember(bundle, 'absent', 9)).rejects.toMatchObject({ code: 'blob/absent' })
  await expect(readMember(bundle, 'export.json', 9)).rejects.toMatchObject({ code: 'blob/long' })
  await expect(scanBundle(join(folder, 'nothing'))).rejects.toMatchObject({ code: 'native/io' })
  const signal = AbortSignal.abort()
  await expect(scanBundle(bundle, { signal })).rejects.toMatchObject({ code: 'native/cancelled' })
  await expect(scanFolder(folder, { signal })).rejects.toMatchObject({ code: 'native/cancelled' })
  await expect(packBundle({ out: bundle, members: members(), ...settings }, signal)).rejects.toMatchObject({
    code: 'native/cancelled',
  })
})

function members(): BundleMember[] {
  return Object.entries(files).map(([path, content]) => ({
    path,
    sizeBytes: content.length,
    sha256: sha256(content),
    parts: [{ file: join(folder, 'tree', path), offset: 0, sizeBytes: null }],
  }))
}

function sha256(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

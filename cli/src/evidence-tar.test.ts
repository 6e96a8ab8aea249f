import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'

import { extract } from 'tar-stream'
import { expect, test } from 'vitest'

import { findEvidence } from './evidence-files.ts'
import { evidenceTar } from './evidence-tar.ts'
import { testFolder } from './testing/captured-shell.ts'

const large = Buffer.alloc(3_000_001, 'x')

function evidenceFolder(): string {
  const folder = testFolder()
  mkdirSync(join(folder, 'b'))
  mkdirSync(join(folder, '.hidden'))
  writeFileSync(join(folder, 'a.json'), '{}')
  writeFileSync(join(folder, 'b', 'large.json'), large)
  writeFileSync(join(folder, 'b', `${'n'.repeat(150)}.json`), '')
  writeFileSync(join(folder, '.hidden', 'x.json'), '{}')
  writeFileSync(join(folder, 'Z.json'), '[]')
  symlinkSync(join(folder, 'a.json'), join(folder, 'link.json'))
  return folder
}

async function membersOf(tar: AsyncIterable<Uint8Array>): Promise<[string, number][]> {
  const members: [string, number][] = []
  const reader = extract()
  const failed = (error: Error) => reader.destroy(error)
  Readable.from(tar)
    .on('error', failed)
    .on('data', (chunk) => reader.write(chunk))
    .on('end', () => reader.end(null))
  for await (const member of reader) {
    let sizeBytes = 0
    for await (const chunk of member) sizeBytes += (chunk as Uint8Array).length
    members.push([member.header.name, sizeBytes])
  }
  return members
}

test('findEvidence() walks folders in byte order, without hidden names; links are found, and not followed', async () => {
  const folder = evidenceFolder()
  const { files } = await findEvidence([folder])
  expect(files.map(({ name, special }) => [name.slice(folder.length), special])).toEqual([
    ['Z.json', undefined],
    ['a.json', undefined],
    ['b/large.json', undefined],
    [`b/${'n'.repeat(150)}.json`, undefined],
    ['link.json', 'symlink'],
  ])
})

test('findEvidence() finds names that are no UTF-8, and they are sent', async () => {
  const folder = testFolder()
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/latin`), Buffer.from([0xe9]), Buffer.from('.json')]), '{}')
  const { files, unreadable } = await findEvidence([folder])
  expect(unreadable).toEqual([])
  expect(await membersOf(evidenceTar(files, () => undefined))).toEqual([[`${folder.slice(1)}/latin\ufffd.json`, 2]])
})

test('findEvidence() names what in a folder cannot be read, and finds the rest', async () => {
  const folder = evidenceFolder()
  // Root may read whatever there is, but no path of over 4096 bytes: two trees of 2500 are made, and one is put into the other.
  const level = 'd'.repeat(250)
  const outer = join(folder, ...Array(10).fill(level))
  mkdirSync(outer, { recursive: true })
  mkdirSync(join(folder, 'inner', ...Array(10).fill(level)), { recursive: true })
  renameSync(join(folder, 'inner'), join(outer, 'inner'))
  try {
    const { files, unreadable } = await findEvidence([folder])
    expect(unreadable.map(({ message }) => message)).toEqual([
      expect.stringMatching(/d{250} cannot be read: its path is too long$/),
    ])
    expect(files).toHaveLength(5)
  } finally {
    execFileSync('rm', ['-rf', join(folder, level)])
  }
})

test('findEvidence() takes what is named as it is, in the order given, under a name without .. and /', async () => {
  const folder = evidenceFolder()
  const { files } = await findEvidence([join(folder, 'link.json'), join(folder, '.hidden', 'x.json')])
  expect(files.map(({ name }) => name)).toEqual([`${folder.slice(1)}/link.json`, `${folder.slice(1)}/.hidden/x.json`])
})

test('findEvidence() refuses a path that is absent; a folder without files holds none', async () => {
  await expect(findEvidence(['/nowhere'])).rejects.toMatchObject({ kind: 'notFound' })
  expect(await findEvidence([testFolder()])).toEqual({ files: [], unreadable: [] })
  await expect(findEvidence(['/dev/null'])).rejects.toMatchObject({ kind: 'usage' })
})

test('evidenceTar() holds every file whole, and counts what it sent', async () => {
  const { files } = await findEvidence([evidenceFolder()])
  const sent: number[] = []
  const members = await membersOf(evidenceTar(files, (bytes) => sent.push(bytes)))
  expect(members).toEqual(files.map(({ name, sizeBytes }) => [name, sizeBytes]))
  expect(sent).toEqual([2, 4, 4 + large.length, 4 + large.length, 4 + large.length])
})

test.each(['Z.json', 'b/large.json'])(
  'evidenceTar() fails where %s changes its size after it was found',
  async (name) => {
    const folder = evidenceFolder()
    const { files } = await findEvidence([folder])
    for (const bytes of [Buffer.from('1'), Buffer.alloc(large.length + 1)]) {
      writeFileSync(join(folder, name), bytes)
      await expect(membersOf(evidenceTar(files, () => undefined))).rejects.toThrow('its size changed')
    }
  },
)

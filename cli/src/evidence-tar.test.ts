import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
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

test('findEvidence() walks folders in byte order, without hidden names and links', async () => {
  const folder = evidenceFolder()
  const names = (await findEvidence([folder])).map(({ name }) => name.slice(folder.length))
  expect(names).toEqual(['Z.json', 'a.json', `b/large.json`, `b/${'n'.repeat(150)}.json`])
})

test('findEvidence() takes what is named as it is, in the order given, under a name without .. and /', async () => {
  const folder = evidenceFolder()
  const files = await findEvidence([join(folder, 'link.json'), join(folder, '.hidden', 'x.json')])
  expect(files.map(({ name }) => name)).toEqual([`${folder.slice(1)}/link.json`, `${folder.slice(1)}/.hidden/x.json`])
})

test('findEvidence() refuses a path that is absent; a folder without files holds none', async () => {
  await expect(findEvidence(['/nowhere'])).rejects.toMatchObject({ kind: 'notFound' })
  expect(await findEvidence([testFolder()])).toEqual([])
  await expect(findEvidence(['/dev/null'])).rejects.toMatchObject({ kind: 'usage' })
})

test('evidenceTar() holds every file whole, and counts what it sent', async () => {
  const files = await findEvidence([evidenceFolder()])
  const sent: number[] = []
  const members = await membersOf(evidenceTar(files, (bytes) => sent.push(bytes)))
  expect(members).toEqual(files.map(({ name, sizeBytes }) => [name, sizeBytes]))
  expect(sent).toEqual([2, 4, 4 + large.length, 4 + large.length])
})

test.each(['Z.json', 'b/large.json'])(
  'evidenceTar() fails where %s changes its size after it was found',
  async (name) => {
    const folder = evidenceFolder()
    const files = await findEvidence([folder])
    for (const bytes of [Buffer.from('1'), Buffer.alloc(large.length + 1)]) {
      writeFileSync(join(folder, name), bytes)
      await expect(membersOf(evidenceTar(files, () => undefined))).rejects.toThrow('its size changed')
    }
  },
)

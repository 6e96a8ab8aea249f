import { mkdtemp, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { requireNewFile, requireOutputFile, requireOutputPath } from './output-file.ts'

test('requireOutputFile() takes a new file and a regular one, and refuses all that a rename would replace for good', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'stella-out-'))
  const [file, link] = [join(directory, 'file'), join(directory, 'link')]
  await writeFile(file, '')
  await symlink(file, link)
  await requireOutputFile(file)
  await requireOutputFile(join(directory, 'new'))
  for (const path of [link, directory, '/dev/null', join(directory, 'absent', 'x')]) {
    await expect(requireOutputFile(path), path).rejects.toMatchObject({ kind: 'usage' })
  }
  await expect(requireNewFile(file, { force: false })).rejects.toMatchObject({
    advice: expect.stringContaining('--force'),
  })
  await requireNewFile(file, { force: true })
  await requireOutputPath(directory, { force: false })
  await expect(requireOutputPath('', { force: true })).rejects.toMatchObject({ kind: 'usage' })
})

import type { ExportManifest } from '@stella/contracts'
import { expect, test } from 'vitest'
import { fileTree, firstAdvisories } from './show-bundle.ts'

test('fileTree() shows each folder once, with the files in it', () => {
  const files = ['advisories/a.zst', 'sboms/x/sbom.cdx.json', 'sboms/y/sbom.cdx.json', 'top'].map((path) => ({
    path,
    size: 7,
    sha256: '',
  }))
  expect(fileTree({ content: { files } as unknown as ExportManifest['content'] })).toEqual([
    '  advisories/',
    '    a.zst  7 bytes',
    '  sboms/',
    '    x/',
    '      sbom.cdx.json  7 bytes',
    '    y/',
    '      sbom.cdx.json  7 bytes',
    '  top  7 bytes',
  ])
})

test('firstAdvisories() shows nothing rather than failing', () => {
  expect(firstAdvisories('/nowhere/at all')).toEqual([])
})

import { mergeMirrors, packBundle, writeDelta, writeMirror } from '@stella/native'
import { measuredWrite } from '../measured-write.mjs'

const writers = { full: writeMirror, delta: writeDelta, apply: mergeMirrors }

/** One job in a process of its own: writes the data files, then packs them as a bundle. */
await measuredWrite(async ({ job, bundle, ...options }) => {
  const { sources, ...written } = await writers[job](options)
  const packed = performance.now()
  const members = written.parts.map(({ path, offset, sizeBytes, sha256 }) => ({
    path,
    sizeBytes,
    sha256,
    parts: [{ file: options.file.path, offset, sizeBytes }],
  }))
  const { sizeBytes } = await packBundle({
    out: bundle,
    members,
    mtime: 1_735_689_600,
    level: 3,
    frameBytes: 4_194_304,
  })
  return {
    ...written,
    parts: members.length,
    sources,
    bundleBytes: sizeBytes,
    packSeconds: (performance.now() - packed) / 1000,
    withheld: [],
  }
})

import { createHash } from 'node:crypto'

import { bundlePaths, type ExportManifest } from '@stella/contracts'

import { encodeManifest } from './export-manifest.ts'
import { encodeStatement } from './provenance.ts'

/**
 * The bytes of `provenance.json` of what was merged: an in-toto Statement v1 with SLSA Provenance v1, whose dependencies are the manifests that
 * it was made of. Not signed: these manifests are, and a verifier derives the rest.
 */
export function encodeMergedProvenance(merged: ExportManifest, chain: readonly ExportManifest[]): Buffer {
  const { content, run } = merged
  const digestOf = (manifest: ExportManifest) => createHash('sha256').update(encodeManifest(manifest)).digest('hex')
  const { kind, variant, id, revision } = content.profile
  const subjects = [{ path: bundlePaths.manifest, sha256: digestOf(merged) }, ...content.files]
  return encodeStatement(subjects, {
    buildDefinition: {
      buildType: `urn:stella:export-center:${kind}:${variant}:${run.trigger}:v1`,
      externalParameters: { profile: id, profile_revision: revision },
      internalParameters: { tenant: run.tenant, ledger_revision: content.ledger_revision },
      resolvedDependencies: chain.map((manifest) => ({
        uri: `urn:stella:export:${manifest.run.id}`,
        digest: { sha256: digestOf(manifest) },
      })),
    },
    runDetails: { builder: { id: 'urn:stella:export-center:merge' } },
  })
}

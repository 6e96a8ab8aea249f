import type { ExportFile, Filters } from '@stella/contracts'

import type { Json } from './canonical-json.ts'
import type { RunIdentity } from './export-manifest.ts'
import { encodeJson } from './json-documents.ts'
import type { Plan } from './plan.ts'

/** One batch of ingestion that gave documents to the export. `sha256`: over the sorted digests of these documents, 32 bytes each. */
export interface IngestInput {
  readonly ingestId: string
  readonly sourceUri: string
  readonly revision: number
  readonly artifacts: number
  readonly sha256: string
}

/** What provenance states. `files` includes `export.json`. */
export interface ProvenanceInputs {
  readonly plan: Plan
  readonly run: RunIdentity
  readonly files: readonly ExportFile[]
  readonly inputs: readonly IngestInput[]
  /** Earlier batches that are not named, since they are too many. */
  readonly omittedInputs: number
  readonly builderVersion: string
}

/**
 * The bytes of `provenance.json`: an in-toto Statement v1 whose predicate is SLSA Provenance v1, as canonical JSON and one line
 * feed. Subjects are `export.json` and every data file; dependencies are the batches of ingestion.
 */
export function encodeProvenance({
  plan,
  run,
  files,
  inputs,
  omittedInputs,
  builderVersion,
}: ProvenanceInputs): Buffer {
  const { kind, variant, id, revision } = plan.profile
  return encodeStatement(files, {
    buildDefinition: {
      buildType: `urn:stella:export-center:${kind}:${variant}:v1`,
      externalParameters: { profile: id, profile_revision: revision, filters: jsonOf(plan.scope.filters) },
      internalParameters: {
        tenant: plan.scope.tenantId,
        ledger_revision: plan.scope.ledgerRevision,
        omitted_dependencies: omittedInputs,
        ...(plan.evidence === undefined ? {} : { evidence: plan.evidence }),
      },
      resolvedDependencies: inputs.map(dependency),
    },
    runDetails: {
      builder: { id: 'urn:stella:export-center', version: { 'export-center': builderVersion } },
      metadata: { invocationId: run.id, startedOn: run.startedAt, finishedOn: run.finishedAt },
    },
  })
}

/** The bytes of an in-toto Statement v1 about files, with SLSA Provenance v1. */
export function encodeStatement(files: readonly Pick<ExportFile, 'path' | 'sha256'>[], predicate: Json): Buffer {
  return encodeJson({
    _type: 'https://in-toto.io/Statement/v1',
    subject: files.map(({ path, sha256 }) => ({ name: path, digest: { sha256 } })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate,
  })
}

function dependency({ ingestId, sourceUri, revision, artifacts, sha256 }: IngestInput): Json {
  return {
    uri: `urn:stella:ingest:${ingestId}`,
    name: sourceUri,
    annotations: { artifacts, artifact_set_sha256: sha256, ledger_revision: revision },
  }
}

function jsonOf(filters: Filters): Json {
  return JSON.parse(JSON.stringify(filters)) as Json
}

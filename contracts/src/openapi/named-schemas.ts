import type { z } from 'zod'

import { bundleUrl } from '../bundle-url.ts'
import { exportManifest } from '../export-manifest.ts'
import { filters } from '../filters.ts'
import { ingest, ingestEntry, ingestSummary, refusedDocument } from '../ingest.ts'
import { publicKey, publicKeys } from '../keys.ts'
import { ledgerEcosystems, ledgerExtent, ledgerLine, ledgerRevision, ledgerSources, ledgerTimes } from '../ledger.ts'
import { newPlanPreview, planPreview } from '../plan-preview.ts'
import { problemBody } from '../problem-body.ts'
import { newProfile, profile, profileConfig, profilePatch } from '../profile.ts'
import { newRun, run, runCounts } from '../run.ts'
import { signatureFiles } from '../signatures.ts'

/** Shapes of requests that have a name in the OpenAPI document; other bodies are named after their endpoint. */
export const requestSchemas: Readonly<Record<string, z.ZodType>> = {
  Filters: filters,
  NewProfile: newProfile,
  NewProfileConfig: profileConfig,
  NewPlanPreview: newPlanPreview,
  NewRun: newRun,
  ProfilePatch: profilePatch,
}

/** Shapes of answers that have a name in the OpenAPI document; other answers are named after their endpoint. */
export const answerSchemas: Readonly<Record<string, z.ZodType>> = {
  AppliedFilters: filters,
  BundleUrl: bundleUrl,
  ExportManifest: exportManifest,
  Ingest: ingest,
  IngestEntry: ingestEntry,
  IngestSummary: ingestSummary,
  LedgerEcosystems: ledgerEcosystems,
  LedgerExtent: ledgerExtent,
  LedgerLine: ledgerLine,
  LedgerRevision: ledgerRevision,
  LedgerSources: ledgerSources,
  LedgerTimes: ledgerTimes,
  PlanPreview: planPreview,
  Problem: problemBody,
  Profile: profile,
  ProfileConfig: profileConfig,
  PublicKey: publicKey,
  PublicKeys: publicKeys,
  RefusedDocument: refusedDocument,
  Run: run,
  RunCounts: runCounts,
  SignatureFiles: signatureFiles,
}

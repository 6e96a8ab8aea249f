import type { ExportFault, IndexVerdict, Verdict } from '@stella/core'

import type { Answer } from './output.ts'
import { countsLine } from './run-lines.ts'

/** What `stella export verify` answers about a bundle. */
export function verdictAnswer(path: string, verdict: Verdict): Answer {
  return { json: verdictJson(verdict), lines: verdict.ok ? soundLines(path, verdict) : faultLines(verdict.faults) }
}

/** What `stella export verify` answers about an export in parts. */
export function indexVerdictAnswer(path: string, verdict: IndexVerdict): Answer {
  const { parts, ok, faults } = verdict
  const lines = ok
    ? [
        ...soundLines(path, verdict),
        `parts     ${parts.length}`,
        ...parts.map(({ file }) => `          ${file}: sound`),
      ]
    : faultLines(faults)
  return { json: { ...verdictJson(verdict), parts }, lines }
}

function verdictJson({ ok, keyId, contentRoot, runId, tenant, profile, ledgerRevision, counts, faults }: Verdict) {
  const origin = { run_id: runId, tenant, profile, ledger_revision: ledgerRevision }
  return { ok, key_id: keyId, content_root: contentRoot, ...origin, counts, faults }
}

function faultLines(faults: readonly ExportFault[]): string[] {
  return faults.map(({ path, reason }) => `${path}: ${reason}`)
}

function soundLines(path: string, verdict: Verdict): string[] {
  const { keyId, contentRoot, runId, tenant, profile, ledgerRevision, counts } = verdict
  return [
    `${path}: sound`,
    `run       ${runId}`,
    `tenant    ${tenant}`,
    `profile   ${profile}`,
    `revision  ${ledgerRevision} of the ledger`,
    `key       ${keyId}`,
    `content   ${contentRoot}`,
    `records   ${counts && countsLine(counts)}`,
  ]
}

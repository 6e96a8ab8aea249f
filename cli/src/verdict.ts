import type { EncryptedFiles } from '@stella/contracts'
import type { ExportFault, IndexVerdict, Verdict } from '@stella/core'

import type { Answer } from './output.ts'
import { countsLine } from './run-lines.ts'

type Told = Omit<Verdict, 'manifest' | 'encrypted' | 'isEncrypted'>

/** What nobody can tell of an encrypted mirror without a key. */
const UNREAD = 'unchecked what the files are when decrypted: `stella mirror decrypt` compares that with export.json'

/** What nobody can tell of one that is encrypted strictly. */
const UNTOLD = 'unchecked what it is, and what its files are when decrypted: `stella mirror decrypt` verifies both'

/** What `stella export verify` answers about a bundle. */
export function verdictAnswer(path: string, verdict: Verdict): Answer {
  const { encrypted, isEncrypted } = verdict
  const lines = [
    ...(encrypted?.strict ? [`${path}: sound`, `key       ${verdict.keyId}`] : soundLines(path, verdict)),
    ...(encrypted ? keysOf(encrypted).map((key) => `encrypted ${key}`) : []),
    ...(encrypted ? [encrypted.strict ? UNTOLD : UNREAD] : []),
  ]
  return {
    json: verdictJson(verdict, isEncrypted),
    lines: verdict.ok ? lines : faultLines(verdict.faults),
  }
}

/** The keys that decrypt, or lead to the one that does. */
function keysOf(encrypted: EncryptedFiles): readonly string[] {
  return encrypted.scheme === 'age-x25519' ? encrypted.recipients : [`by the KMS key ${encrypted.data_key.kms_key}`]
}

/** What `stella export verify` answers about an export in parts. */
export function indexVerdictAnswer(path: string, verdict: IndexVerdict): Answer {
  const { parts, ok, faults } = verdict
  const isEncrypted = parts.some((part) => part.isEncrypted)
  const lines = ok
    ? [
        ...soundLines(path, verdict),
        `parts     ${parts.length}`,
        ...parts.map(({ file, isEncrypted }) => `          ${file}: sound${isEncrypted ? ', encrypted' : ''}`),
        ...(isEncrypted ? [UNREAD] : []),
      ]
    : faultLines(faults)
  return {
    json: { ...verdictJson(verdict, isEncrypted), parts: parts.map(({ part, file, ok }) => ({ part, file, ok })) },
    lines,
  }
}

function verdictJson(verdict: Told, isEncrypted: boolean) {
  const { ok, keyId, contentRoot, runId, tenant, profile, ledgerRevision, counts, faults } = verdict
  const origin = { run_id: runId, tenant, profile, ledger_revision: ledgerRevision }
  const encryption = { encrypted: isEncrypted, plaintext_checked: !isEncrypted }
  return { ok, key_id: keyId, content_root: contentRoot, ...origin, counts, ...encryption, faults }
}

function faultLines(faults: readonly ExportFault[]): string[] {
  return faults.map(({ path, reason }) => `${path}: ${reason}`)
}

function soundLines(path: string, verdict: Told): string[] {
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

import { readFile } from 'node:fs/promises'

import { Problem } from '@stella/contracts'

import type { Settings } from '../settings.ts'
import { databaseEvidence, type OwnLedger } from './database-evidence.ts'
import type { Evidence } from './evidence.ts'
import { httpEvidence } from './http-evidence.ts'

type EvidenceSettings = Pick<Settings, 'EVIDENCE_URL' | 'EVIDENCE_TOKEN' | 'EVIDENCE_TOKEN_FILE'>

/** The evidence that the settings name: that of the own database, or with EVIDENCE_URL another installation's. */
export function openEvidence(settings: EvidenceSettings, deps: OwnLedger): Evidence {
  const { EVIDENCE_URL: url } = settings
  if (url === undefined) return databaseEvidence(deps)
  return httpEvidence({ url: url.replace(/\/+$/, ''), token: (tenantId) => tokenOf(settings, tenantId) })
}

/** Read at each request, so that a token can be renewed while workers run. Tenant ids are safe in paths. */
async function tokenOf(settings: EvidenceSettings, tenantId: string): Promise<string> {
  const { EVIDENCE_TOKEN: token, EVIDENCE_TOKEN_FILE: file = '' } = settings
  const text = token ?? (await readFile(file.replaceAll('{tenant}', tenantId), 'utf8').catch(() => ''))
  const trimmed = text.trim()
  if (/^[A-Za-z0-9._~+/-]+=*$/.test(trimmed)) return trimmed
  throw new Problem('evidence/denied', `there is no token for the evidence of ${tenantId}: see EVIDENCE_TOKEN_FILE`)
}

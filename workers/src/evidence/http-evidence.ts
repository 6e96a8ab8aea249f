import { open } from 'node:fs/promises'
import { join } from 'node:path'

import {
  FRAME_BYTES,
  kindOfGroup,
  type LedgerExtent,
  ledgerEcosystems,
  ledgerExtent,
  ledgerSources,
  ledgerTimes,
  MAX_PROVENANCE_INPUTS,
  MAX_WITHHELD,
  Problem,
  recordGroups,
} from '@stella/contracts'
import { byteOrder, type EcosystemExtent, type KindRanges, type Plan, type Scope, type TimeBucket } from '@stella/core'
import type { BucketQuery, EcosystemQuery } from '@stella/db'
import { type DatabaseOptions, writeDatabase, writeDocumentFiles, writeLineFiles } from '@stella/native'

import { databaseRules } from './database-rules.ts'
import type { Evidence, LinesWork, Survey, SurveyRequest } from './evidence.ts'
import { invalidEvidence } from './evidence-problem.ts'
import { fetchDocuments } from './fetch-documents.ts'
import { fetchRange } from './fetch-range.ts'
import { inParallel } from './in-parallel.ts'
import { type LedgerAddress, LedgerClient } from './ledger-client.ts'
import { rangeRecordsOf } from './range-records.ts'

/**
 * Evidence in the ledger of another installation, read over its API. Ranges are fetched into scratch files, and written as those of the own
 * database are. Nothing that comes is believed.
 */
export function httpEvidence(address: LedgerAddress): Evidence {
  const client = new LedgerClient(address)
  return {
    survey: (asked) => survey(client, asked),
    times: (query, { ledger }) => times(client, query, ledger),
    ecosystems: (query, { ledger }) => ecosystems(client, query, ledger),
    sources: (plan) => sources(client, plan),
    async writeLines(work, signal) {
      requireOther(work.plan)
      const files = await fetchLines(client, work, signal)
      const { plan, kind, mapping, readers, path } = work
      const { level } = plan.profile.config.compression
      const rules = { mapping: mapping.json, level, frameBytes: FRAME_BYTES, readers, maxWithheld: MAX_WITHHELD, path }
      return writeLineFiles({ kind, files, ...rules }, signal)
    },
    async writeDocuments({ plan, range, scratch, path }, signal) {
      requireOther(plan)
      const documents = await fetchDocuments(client, { plan, range, scratch }, signal)
      return writeDocumentFiles({ documents, maxWithheld: MAX_WITHHELD, path }, signal)
    },
    async writeDatabase(work, signal) {
      requireOther(work.plan)
      const sources: DatabaseOptions['sources'] = []
      for (const { kind, ranges, mapping } of work.sources) {
        const files = await fetchLines(client, { ...work, kind, ranges }, signal)
        sources.push({ kind, mapping: mapping.json, queries: [], files })
      }
      return writeDatabase(work.plan.profile.variant, { connection: null, sources, ...databaseRules(work) }, signal)
    },
    surveyChanges: ownAlone,
    writeMirror: ownAlone,
    writeDelta: ownAlone,
  }
}

/** Mirrors hold documents, which are streamed one by one and would take hours. */
function ownAlone(): Promise<never> {
  const reason = 'mirrors and deltas are made of the own ledger: give their runs to a worker without EVIDENCE_URL'
  return Promise.reject(new Problem('config/invalid', reason))
}

/** The first answer says which ledger and revision, unless a plan does; the others must be of the same. */
async function survey(client: LedgerClient, { tenantId, filters, as }: SurveyRequest): Promise<Survey> {
  if (as) requireOther(as)
  const extents: Survey['extents'][number][] = []
  let state = as && { ledger: as.evidence, revision: as.scope.ledgerRevision, time: as.ledgerTime }
  for (const group of filters.include ?? recordGroups) {
    const kind = kindOfGroup[group]
    const pinned: object = state === null ? {} : { revision: state.revision }
    const body = { group, filters, range_records: rangeRecordsOf(kind), ...pinned }
    const extent: LedgerExtent = await client.json({ tenantId, path: '/ledger/extents', body }, ledgerExtent)
    requireTenant(extent.tenant, tenantId)
    state ??= extent
    if (extent.ledger !== state.ledger || extent.revision !== state.revision || extent.time !== state.time) {
      throw otherLedger(state.ledger)
    }
    requireRanges(extent, rangeRecordsOf(kind))
    extents.push({ group, kind, records: extent.records, bytes: extent.bytes, starts: extent.starts })
  }
  if (!state?.ledger) throw new Problem('internal', 'a plan without any group of records')
  return { ledger: state.ledger, revision: state.revision, time: state.time, extents }
}

async function times(
  client: LedgerClient,
  { scope, grainBytes }: BucketQuery,
  ledger: string | null,
): Promise<readonly TimeBucket[]> {
  const body = { filters: scope.filters, revision: scope.ledgerRevision, grain_bytes: grainBytes }
  const given = await client.json({ tenantId: scope.tenantId, path: '/ledger/times', body }, ledgerTimes)
  requireState(given, scope, ledger)
  const ascending = given.buckets.every(
    ({ from }, index) => index === 0 || (from ?? '') > (given.buckets[index - 1]?.from ?? ''),
  )
  if (!ascending) throw invalidEvidence('its buckets of time are in no order')
  return given.buckets
}

async function ecosystems(
  client: LedgerClient,
  { scope, names }: EcosystemQuery,
  ledger: string | null,
): Promise<readonly EcosystemExtent[]> {
  const body = { filters: scope.filters, revision: scope.ledgerRevision, ecosystems: names }
  const given = await client.json({ tenantId: scope.tenantId, path: '/ledger/ecosystems', body }, ledgerEcosystems)
  requireState(given, scope, ledger)
  const wanted = [...names, null]
  const isWanted = given.ecosystems.every(({ ecosystem }, index) => ecosystem === wanted[index])
  if (!isWanted || given.ecosystems.length !== wanted.length)
    throw invalidEvidence('its ecosystems are not those asked for')
  return given.ecosystems
}

function requireState(given: { ledger: string; revision: number }, scope: Scope, ledger: string | null): void {
  if (given.ledger !== ledger || given.revision !== scope.ledgerRevision) throw otherLedger(ledger)
}

function otherLedger(wanted: string | null | undefined): Problem {
  return new Problem('evidence/other-ledger', `${wanted} is to be read, which EVIDENCE_URL no longer leads to`)
}

function requireTenant(theirs: string, tenantId: string): void {
  if (theirs === tenantId) return
  throw new Problem(
    'evidence/denied',
    `the token for the evidence of ${tenantId} is of the tenant ${theirs}: tenants are named alike in both installations`,
  )
}

function requireRanges({ records, starts }: LedgerExtent, rangeRecords: number): void {
  const ascending = starts.every((start, index) => index === 0 || byteOrder(starts[index - 1] ?? '', start) < 0)
  if (!ascending || starts.length !== Math.ceil(records / rangeRecords)) {
    throw invalidEvidence('the ranges of its extent do not fit its number of records')
  }
}

async function sources(client: LedgerClient, plan: Plan): ReturnType<Evidence['sources']> {
  requireOther(plan)
  const { tenantId, ledgerRevision: revision, filters } = plan.scope
  const body = { revision, filters, limit: MAX_PROVENANCE_INPUTS }
  const given = await client.json({ tenantId, path: '/ledger/sources', body }, ledgerSources)
  if (given.ledger !== plan.evidence || given.revision !== revision) throw otherLedger(plan.evidence)
  return {
    coverage: given.coverage,
    inputs: given.inputs.map(({ ingest, source, ...input }) => ({ ingestId: ingest, sourceUri: source, ...input })),
    omitted: given.omitted_inputs,
  }
}

async function fetchLines(
  client: LedgerClient,
  work: Pick<LinesWork, 'plan' | 'scratch'> & KindRanges,
  signal: AbortSignal,
): Promise<string[]> {
  const { plan, kind, ranges, scratch } = work
  const files = ranges.map((_, index) => join(scratch, `${kind}-${index}`))
  await inParallel(ranges, signal, async (range, index, either) => {
    const handle = await open(files[index] ?? '', 'w')
    try {
      await fetchRange(client, { plan, kind, range, sink: (lines) => handle.writeFile(lines) }, either)
    } finally {
      await handle.close()
    }
  })
  return files
}

function requireOther({ id, evidence }: Plan): void {
  if (evidence !== undefined) return
  throw new Problem(
    'evidence/other-ledger',
    `the plan ${id} reads the ledger of this installation, and this worker that of another: unset EVIDENCE_URL`,
  )
}

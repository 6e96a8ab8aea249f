import type { Run, RunCounts } from '@stella/contracts'

import { byteSize } from './byte-size.ts'

/** A run for people, a fact a line. */
export function runLines(run: Run): string[] {
  const facts: [string, string | null][] = [
    ['run', run.id],
    ['state', run.state],
    ['profile', `${run.profile_id}, revision ${run.profile_revision}`],
    ['reproduces', run.reproduces],
    ['part', run.part_of && `${run.part} of run ${run.part_of}`],
    ['parts', run.parts?.join(', ') ?? null],
    ['revision', run.ledger_revision === null ? null : `${run.ledger_revision} of the ledger`],
    ['records', run.counts && countsLine(run.counts)],
    ['shards', run.parts ? null : run.shards && `${run.shards.written} of ${run.shards.planned}`],
    ['bundle', run.bundle && `${byteSize(run.bundle.size)}, sha256:${run.bundle.sha256}`],
    ['content', run.content_root],
    ['expires', run.expires_at && `${run.expires_at}; its manifest and signatures ${run.documents_expire_at}`],
    ['error', run.error_class && `${run.error_class}: ${run.error_message ?? ''}`],
    ['created', `${run.created_at} by ${run.created_by}`],
    ['finished', run.finished_at],
  ]
  return facts.flatMap(([name, fact]) => (fact === null ? [] : [`${name.padEnd(10)}  ${fact}`]))
}

/** Numbers of records for people. */
export function countsLine({ advisories, vex, sboms, jars }: RunCounts): string {
  const others = jars === undefined ? '' : `, ${jars} jars`
  return `${advisories} advisories, ${vex} vex, ${sboms} sboms${others}`
}

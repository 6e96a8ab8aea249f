import type { Verification } from '@stella/contracts'

/** A verification for people: what it found, a fact a line. */
export function verificationLines({ id, run_id: runId, state, verdict, ...rest }: Verification): string[] {
  const facts: [string, string | null][] = [
    ['check', id],
    ['run', runId],
    ['state', state],
    ['verdict', verdictWord(verdict)],
    ['key', verdict?.key_id ?? null],
    ['content', verdict?.content_root ?? null],
    ['error', rest.error_class && `${rest.error_class}: ${rest.error_message ?? ''}`],
    ['created', `${rest.created_at} by ${rest.created_by}`],
    ['finished', rest.finished_at],
  ]
  const told = facts.flatMap(([name, fact]) => (fact === null ? [] : [`${name.padEnd(10)}  ${fact}`]))
  return [...told, ...(verdict?.faults ?? []).map(({ path, reason }) => `${path}: ${reason}`)]
}

/** A verdict in a word; null while there is none. */
export function verdictWord(verdict: Verification['verdict']): string | null {
  if (verdict === null) return null
  return verdict.ok ? 'sound' : 'unsound'
}

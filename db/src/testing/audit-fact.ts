import type { AuditFact } from '../audit-log.ts'

/** A run that somebody created, as the audit log is told, with `changes`. */
export function auditFact(tenantId: string, changes: Partial<AuditFact> = {}): AuditFact {
  return {
    tenantId,
    actor: 'ann',
    roles: ['Export.Operator'],
    action: 'run.create',
    resource: '/export/runs/run_1',
    outcome: 'succeeded',
    code: null,
    requestId: 'req_1',
    omitted: 0,
    ...changes,
  }
}

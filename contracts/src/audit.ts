import { z } from 'zod'

import { roles } from './roles.ts'

/** What an entry of the audit log may be about: names that never change. Those of the endpoint table, and `access.refused` for all others. */
export const auditActions = [
  'profile.create',
  'profile.update',
  'profile.delete',
  'run.create',
  'run.cancel',
  'run.reproduce',
  'run.verify',
  'ingest.create',
  'access.refused',
] as const
/** What an entry of the audit log is about. */
export type AuditAction = (typeof auditActions)[number]

/** How it ended: done, refused for who asked (401, 403, 404, 429), or failed for what was asked. */
export const auditOutcomes = ['succeeded', 'refused', 'failed'] as const
/** How an audited request ended. */
export type AuditOutcome = (typeof auditOutcomes)[number]

/** Name of the chain of requests that carried no good token. No tenant can have it. */
export const INSTALLATION_CHAIN = '~installation'
/** `prev_hash` of the first entry of a chain. */
export const FIRST_PREV_HASH = '0'.repeat(64)

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

/**
 * One entry of the audit log. `hash` is the SHA-256 of the canonical JSON (RFC 8785) of the entry without its member `hash`;
 * `prev_hash` is the `hash` of the entry before it.
 */
export const auditEntry = z.strictObject({
  /** The chain: a tenant, or `~installation`. */
  tenant: z.string().regex(/^([a-z0-9][a-z0-9-]{0,62}|~installation)$/),
  /** 1 for the first entry of a chain, then one more each. */
  seq: z.int().min(1),
  /** When it was recorded, UTC with milliseconds; entries that were recorded at once may stand in another order. */
  time: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  /** Subject of the token; null without a good one. */
  actor: z.string().min(1).max(255).nullable(),
  /** The roles of specification 12.1 that the token carried. */
  roles: z.array(z.enum(roles)),
  action: z.enum(auditActions),
  /** Path of what was made, changed or asked for. */
  resource: z.string().max(256),
  outcome: z.enum(auditOutcomes),
  /** Code of the problem; null where it succeeded. */
  code: z.string().max(64).nullable(),
  /** `x-request-id` of request and answer. */
  request_id: z.string().max(64),
  /** Refusals since the entry before, of one process, that were too many to be recorded each. */
  omitted: z.int().min(0),
  prev_hash: sha256,
  hash: sha256,
})
/** One entry of the audit log. */
export type AuditEntry = z.infer<typeof auditEntry>

/** What a verifier remembers: the last entry of a chain that it found sound. A chain that lacks it was cut or rewritten. */
export const auditCheckpoint = z.strictObject({
  tenant: auditEntry.shape.tenant,
  seq: auditEntry.shape.seq,
  hash: sha256,
})
/** What a verifier remembers of a chain. */
export type AuditCheckpoint = z.infer<typeof auditCheckpoint>

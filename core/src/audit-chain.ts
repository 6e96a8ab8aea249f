import { createHash } from 'node:crypto'

import { type AuditCheckpoint, type AuditEntry, auditEntry, FIRST_PREV_HASH } from '@stella/contracts'

import { canonicalJson } from './canonical-json.ts'

/** The first place where an audit log is not what was written: the entry's number, and what is wrong there. */
export interface AuditFault {
  readonly seq: number
  readonly reason: string
}

/** SHA-256, in hexadecimal, of the canonical JSON (RFC 8785) of an entry without its member `hash`. */
export function auditHash({ hash: _hash, ...body }: AuditEntry): string {
  return createHash('sha256').update(canonicalJson(body)).digest('hex')
}

/**
 * Judges a chain entry by entry, from the first one on, in memory of one entry. `checkpoint` is what an earlier verification remembered:
 * the chain must hold that entry.
 */
export class AuditChain {
  readonly #checkpoint: AuditCheckpoint | null
  #last: AuditCheckpoint | null = null

  constructor(checkpoint: AuditCheckpoint | null = null) {
    this.#checkpoint = checkpoint
  }

  /** The last entry that was judged: the checkpoint of the next verification. Null before the first. */
  get last(): AuditCheckpoint | null {
    return this.#last
  }

  /** Judges the next value, which may be anything: null where it is a sound entry. After a fault the chain is not to be gone on with. */
  next(value: unknown): AuditFault | null {
    const seq = (this.#last?.seq ?? 0) + 1
    const { data: entry, error } = auditEntry.safeParse(value)
    if (error) return { seq, reason: `it is no entry: ${error.issues[0]?.path.join('.')}: ${error.issues[0]?.message}` }
    const reason = this.#reasonAgainst(entry, seq)
    if (reason !== null) return { seq, reason }
    this.#last = { tenant: entry.tenant, seq, hash: entry.hash }
    return null
  }

  /** Judges the end of the chain: null where nothing is missing that the checkpoint knows. */
  end(): AuditFault | null {
    const [seq, known] = [this.#last?.seq ?? 0, this.#checkpoint?.seq ?? 0]
    if (seq >= known) return null
    return { seq: seq + 1, reason: `it is missing: the log was cut, for the checkpoint knows ${known} entries` }
  }

  #reasonAgainst(entry: AuditEntry, seq: number): string | null {
    if (entry.seq !== seq) return `it is missing: entry ${entry.seq} stands in its place`
    const tenant = this.#last?.tenant ?? this.#checkpoint?.tenant
    if (tenant !== undefined && entry.tenant !== tenant) return `it is of the chain ${entry.tenant}, not of ${tenant}`
    if (entry.prev_hash !== (this.#last?.hash ?? FIRST_PREV_HASH))
      return 'its prev_hash is not the hash of the entry before'
    if (entry.hash !== auditHash(entry)) return 'its hash is not that of its members: one of them was changed'
    const known = this.#checkpoint
    if (known?.seq === seq && known.hash !== entry.hash)
      return 'it is not the entry that the checkpoint knows: the log was rewritten'
    return null
  }
}

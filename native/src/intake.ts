import { type IntakeOptions, type IntakeSummary, Intake as NativeIntake } from '#binding'

export type { IntakeOptions, IntakeSummary, RefusedDocument } from '#binding'

/** An upload on its way to the ledger. */
export interface Intake {
  /**
   * The bytes of `COPY … FROM STDIN (FORMAT binary)`, in chunks of 1 to 4 MiB, to be iterated once. Leaving the loop early stops the
   * native threads.
   * @throws `native/io`, `ingest/too-many-refused`, `native/cancelled`, `internal`
   */
  readonly rows: AsyncGenerator<Buffer, void, undefined>
  /**
   * Documents looked at; those refused with source, position and reason, in order of the upload; what records do not carry.
   * @throws Error before `rows` was read to its end
   */
  summary(): IntakeSummary
  /** Stops the native threads: `rows` then throws `native/cancelled`. After the end it does nothing. */
  cancel(): void
}

/**
 * Reads a spooled upload as evidence: a tar or zip archive of files, or one file, compressed (zstd, gzip) or not; each a JSON document (OSV, CSAF 2.0, OpenVEX 0.2.0 and 0.0.x,
 * CycloneDX 1.2 to 1.6, SPDX 2.2 and 2.3), a YAML document (OSV), or JSON lines of them. The format is found by content. Faulty documents are listed in the summary, the
 * rest become rows.
 *
 * One row is one record, in order of the documents whatever `threads` is: seq int8, kind text, record_key text, document_key text,
 * document_version int8, document_modified_at timestamptz, modified_at timestamptz, body text (canonical JSON, RFC 8785), body_sha256
 * bytea, content_sha256 bytea, artifact_sha256 bytea, raw bytea (on a document's first row only), media_type text, source text,
 * subject_folder text, selectors text[] (name, U+001F, value). Memory: some tens of MiB, and more only for documents that are larger.
 *
 * Nothing is opened before `rows` is iterated.
 *
 * @param options - the upload and its limits; sizes in bytes
 */
export function openIntake(options: IntakeOptions): Intake {
  const native = new NativeIntake(options)
  return {
    rows: readRows(native),
    summary() {
      const summary = native.summary()
      if (!summary) throw new Error('cannot summarize an intake: its rows were not read to their end')
      return summary
    },
    cancel: () => native.cancel(),
  }
}

async function* readRows(native: NativeIntake): AsyncGenerator<Buffer, void, undefined> {
  try {
    for (let chunk = await native.next(); chunk; chunk = await native.next()) yield chunk
  } finally {
    native.cancel()
  }
}

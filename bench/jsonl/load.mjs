import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { psqlArguments } from './psql.mjs'

const columns =
  'tenant_id, kind, record_key, document_key, revision, ordinal, document_version, modified_at, artifact_sha256, content_sha256, body_sha256, body'

/**
 * Fills the tenant's ledger with the first `count` of `records` of one kind, whose ids ascend.
 *
 * @returns {Promise<{ meanBytes: number, keyAt: (index: number) => string | null }>} mean size of a body; the key of a record, null past the last
 */
export async function load({ ownerUrl, tenantId, kind = 'advisory', records: { idAt, textAt }, count }) {
  const psql = spawn('psql', [...psqlArguments(ownerUrl), '-c', `copy records (${columns}) from stdin`], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  let bytes = 0
  let rows = []
  for (let index = 0; index < count; index++) {
    const [key, body] = [idAt(index), textAt(index)]
    const digest = createHash('sha256').update(body).digest('hex')
    bytes += Buffer.byteLength(body)
    rows.push(row([tenantId, kind, key, key, '1', String(index + 1), '0', '2026-01-01Z', digest, digest, digest, body]))
    if (rows.length < 512) continue
    if (!psql.stdin.write(rows.join(''))) await once(psql.stdin, 'drain')
    rows = []
  }
  psql.stdin.end(rows.join(''))
  const [code] = await once(psql, 'close')
  if (code !== 0) throw new Error(`psql ended with ${code}`)
  return { meanBytes: bytes / count, keyAt: (index) => (index < count ? idAt(index) : null) }
}

/** A line of COPY's text format; the digests are bytea. */
function row(values) {
  const cells = values.map((value, index) => (index >= 8 && index <= 10 ? `\\\\x${value}` : escaped(value)))
  return `${cells.join('\t')}\n`
}

const escaped = (text) =>
  text.replace(/[\\\n\r\t]/g, (c) => ({ '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' })[c])

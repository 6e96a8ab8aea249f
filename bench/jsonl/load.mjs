import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { psqlArguments } from './psql.mjs'

const columns =
  'tenant_id, kind, record_key, document_key, revision, document_version, modified_at, artifact_sha256, content_sha256, body_sha256, body'

/**
 * Fills the tenant's ledger with `count` advisories made from `bases`: the same texts in turn, each under an id of its own.
 * A base comes back after all others, far beyond what a compressor remembers.
 *
 * @returns {Promise<{ meanBytes: number, keyAt: (index: number) => string | null }>} mean size of a body; the key of a record, null past the last
 */
export async function load({ ownerUrl, tenantId, bases, count }) {
  const parts = bases.map(splitAtId)
  const keyAt = (index) =>
    index < count ? `BENCH-${String(index).padStart(7, '0')}-${parts[index % parts.length].id}` : null
  const psql = spawn('psql', [...psqlArguments(ownerUrl), '-c', `copy records (${columns}) from stdin`], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  let bytes = 0
  let rows = []
  for (let index = 0; index < count; index++) {
    const { before, after } = parts[index % parts.length]
    const key = keyAt(index)
    const body = `${before}${JSON.stringify(key)}${after}`
    const digest = createHash('sha256').update(body).digest('hex')
    bytes += Buffer.byteLength(body)
    rows.push(row([tenantId, 'advisory', key, key, '1', '0', '2026-01-01Z', digest, digest, digest, body]))
    if (rows.length < 512) continue
    if (!psql.stdin.write(rows.join(''))) await once(psql.stdin, 'drain')
    rows = []
  }
  psql.stdin.end(rows.join(''))
  const [code] = await once(psql, 'close')
  if (code !== 0) throw new Error(`psql ended with ${code}`)
  return { meanBytes: bytes / count, keyAt }
}

/** The text around the value of the outermost `id`. */
function splitAtId(base) {
  const { id } = JSON.parse(base)
  const member = `"id":${JSON.stringify(id)}`
  const at = base.lastIndexOf(`,${member},`)
  const start = at < 0 ? 1 : at + 1
  const whole = { before: base.slice(0, start + 5), id, after: base.slice(start + member.length) }
  if (JSON.parse(`${whole.before}"x"${whole.after}`).id !== 'x') throw new Error(`no outer id found in ${id}`)
  return whole
}

/** A line of COPY's text format; the ninth and earlier digests are bytea. */
function row(values) {
  const cells = values.map((value, index) => (index >= 7 && index <= 9 ? `\\\\x${value}` : escaped(value)))
  return `${cells.join('\t')}\n`
}

const escaped = (text) =>
  text.replace(/[\\\n\r\t]/g, (c) => ({ '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' })[c])

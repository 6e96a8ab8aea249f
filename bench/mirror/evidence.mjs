import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { psql, psqlArguments } from '../jsonl/psql.mjs'

/** Statements of one VEX document. */
const STATEMENTS = 100
/** Components of one SBOM. */
const COMPONENTS = 200

/**
 * Evidence for a mirror: advisories, each a document as sources write them, VEX documents of a hundred statements, and SBOMs. `version` tells
 * versions of one document apart.
 *
 * @param {{ textAt: (index: number) => string }} advisories - canonical text of an advisory
 */
export function evidence(advisories) {
  return {
    *advisory(index, version) {
      const body = JSON.parse(advisories.textAt(index))
      if (version > 1) body.modified = `2025-01-0${version}T00:00:00Z`
      const document = JSON.stringify(body, null, 2)
      yield { kind: 'advisory', key: body.id, body: JSON.stringify(body), document, modified: body.modified }
    },
    *vex(index, version) {
      const id = `https://vex.example.com/${String(index).padStart(6, '0')}`
      const statements = Array.from({ length: STATEMENTS }, (_, at) => statement(id, index, at, version))
      const document = JSON.stringify({ '@id': id, version, statements }, null, 2)
      const keyed = statements
        .map((body) => JSON.stringify(body))
        .map((body) => ({ key: `${id}#${digest(body).slice(0, 32)}`, body }))
      keyed.sort((a, b) => (a.key < b.key ? -1 : 1))
      for (const { key, body } of keyed) yield { kind: 'vex', key, body, document, modified: '2025-01-01T00:00:00Z' }
    },
    *sbom(index, version) {
      const id = `urn:uuid:bench-${String(index).padStart(6, '0')}`
      const components = Array.from({ length: COMPONENTS }, (_, at) =>
        component((index * 37 + at * 101) % 20_000, version),
      )
      const document = JSON.stringify({ bomFormat: 'CycloneDX', serialNumber: id, version, components }, null, 2)
      const body = JSON.stringify({
        components,
        dependencies: [],
        format: 'CycloneDX',
        serial_number: id,
        spec_version: '1.6',
      })
      yield {
        kind: 'sbom',
        key: `${id}#${digest(document).slice(0, 32)}`,
        body,
        document,
        modified: '2025-01-01T00:00:00Z',
      }
    },
  }
}

function statement(id, index, at, version) {
  const product = `pkg:npm/package-${(index * 31 + at) % 20_000}@${at % 9}.${version}.0`
  return {
    '@id': `${id}#${at}`,
    products: [{ '@id': product }],
    status: version % 2 === 1 ? 'affected' : 'fixed',
    timestamp: '2025-01-01T00:00:00Z',
    vulnerability: { name: `CVE-2020-${1_000_000 + index * STATEMENTS + at}` },
  }
}

function component(number, version) {
  const name = `package-${number}`
  const purl = `pkg:npm/${name}@1.${version}.0`
  return { name, purl, ref: purl, type: 'library', version: `1.${version}.0` }
}

const digest = (text) => createHash('sha256').update(text).digest('hex')

const columns =
  'tenant_id, kind, record_key, document_key, revision, ordinal, document_version, modified_at, artifact_sha256, content_sha256, body_sha256, body, subject_folder'
const ofDocuments = 'tenant_id, sha256, size_bytes, media_type, source, fetched_at, ingest_id, content'

/**
 * Adds a revision to a ledger: versions of documents, given kind by kind, with the records that they are made of.
 *
 * @param {{ ownerUrl: string, tenantId: string, revision: number, given: Iterable<object> }} to - `given`: what `evidence` yields, in order
 */
export async function addRevision({ ownerUrl, tenantId, revision, given }) {
  const copy = (into) =>
    spawn('psql', [...psqlArguments(ownerUrl), '-c', `copy ${into} from stdin`], {
      stdio: ['pipe', 'ignore', 'inherit'],
    })
  const [records, documents] = [copy(`records (${columns})`), copy(`raw_artifacts (${ofDocuments})`)]
  const write = async (to, rows) => to.stdin.write(rows.join('')) || once(to.stdin, 'drain')
  let [ordinal, before, ofRecords, ofArtifacts] = [0, '', [], []]
  for (const { kind, key, body, document, modified } of given) {
    const [artifact, sha256] = [digest(document), digest(body)]
    const numbers = [String(revision), String(++ordinal), String(revision)]
    ofRecords.push(
      row([
        tenantId,
        kind,
        key,
        key.split('#')[0],
        ...numbers,
        modified,
        bytea(artifact),
        bytea(artifact),
        bytea(sha256),
        body,
        kind === 'sbom' ? 'bench' : null,
      ]),
    )
    if (artifact !== before) {
      const content = bytea(Buffer.from(document).toString('hex'))
      ofArtifacts.push(
        row([
          tenantId,
          bytea(artifact),
          String(Buffer.byteLength(document)),
          'application/json',
          'bench',
          modified,
          'bench',
          content,
        ]),
      )
      before = artifact
    }
    if (ofRecords.length < 512) continue
    await Promise.all([write(records, ofRecords), write(documents, ofArtifacts)])
    ;[ofRecords, ofArtifacts] = [[], []]
  }
  const closed = Promise.all([records, documents].map((psql) => once(psql, 'close')))
  records.stdin.end(ofRecords.join(''))
  documents.stdin.end(ofArtifacts.join(''))
  for (const [code] of await closed) {
    if (code !== 0) throw new Error(`psql ended with ${code}`)
  }
}

/** Retires what is there of the documents of which newer versions are given. */
export async function retireDocuments({ ownerUrl, tenantId, revision, given }) {
  await psql(
    ownerUrl,
    'drop table if exists replaced',
    'create table replaced (kind text collate "C", document_key text collate "C")',
  )
  const keys = new Set()
  for (const { kind, key } of given) keys.add(row([kind, key.split('#')[0]]))
  const copy = spawn('psql', [...psqlArguments(ownerUrl), '-c', 'copy replaced from stdin'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  copy.stdin.end([...keys].join(''))
  await once(copy, 'close')
  await psql(
    ownerUrl,
    'analyze replaced',
    `update records old set retired_revision = ${revision} from replaced new
     where old.tenant_id = '${tenantId}' and old.kind = new.kind and old.document_key = new.document_key
       and old.retired_revision is null`,
  )
}

const bytea = (hex) => `\\x${hex}`
const row = (values) => `${values.map(escaped).join('\t')}\n`
const escaped = (text) =>
  text === null
    ? '\\N'
    : text.replace(/[\\\n\r\t]/g, (c) => ({ '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' })[c])

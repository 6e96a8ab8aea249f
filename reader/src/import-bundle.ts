import { createHash } from 'node:crypto'
import { rm, stat, statfs } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import type { ExportManifest, PublicKey } from '@stella/contracts'
import { verifyExport } from '@stella/core'
import { buildSearch, type ReadExport, readPublishedExport, unpackBundle } from '@stella/native'

import { Generations } from './generations.ts'
import { importKind } from './import-kinds.ts'
import { withImportLock } from './import-lock.ts'
import { readActive, SEARCH_FILE } from './open-generation.ts'
import { ReaderFailure } from './reader-failure.ts'
import { writeReceipt } from './receipt.ts'

/** Room that is left on the disk besides what is unpacked, in bytes. */
const SPARE_BYTES = 64 * 1024 * 1024
/** Digits of the content root in the name of a generation. */
const NAME_DIGITS = 16
/** Faults that a refusal names. */
const MAX_TOLD = 10

/** A bundle to import, and what is allowed that is refused otherwise. */
export interface ImportRequest {
  readonly root: string
  readonly bundle: string
  readonly keys: readonly PublicKey[]
  readonly now: Date
  readonly allowRollback: boolean
  readonly allowExpired: boolean
  /** A mirror of another tenant, ledger, profile or set of filters than that which serves. */
  readonly allowOther: boolean
}

/** What was imported. */
export interface Imported {
  readonly manifest: ExportManifest
  /** False where it was what serves already. */
  readonly isNew: boolean
  readonly receipt: string | null
}

/**
 * Verifies a mirror, unpacks it, makes it what serves, and writes a receipt. Until the very end the one before serves.
 * @throws ReaderFailure `integrity` for a bundle that is not sound, older, expired or of something else · `usage` · `failed` for a disk without room
 */
export async function importBundle(request: ImportRequest, signal: AbortSignal): Promise<Imported> {
  const { bundle, keys } = request
  await stat(bundle).catch((cause: unknown) => {
    throw new ReaderFailure('notFound', `${bundle} cannot be read`, 'name a mirror that is there', { cause })
  })
  const published = await readPublishedExport({ path: bundle, name: bundle }, signal)
  const { ok, keyId, manifest, encryptedTo, faults } = verifyExport({ ...published, keys })
  if (!ok || !keyId || !manifest) throw unsound(bundle, faults)
  if (encryptedTo) {
    const advice = `decrypt it first: stella mirror decrypt ${bundle} --identity <file> --out <file>`
    throw refused(bundle, 'it is encrypted', advice)
  }
  const kind = importKind(manifest)
  if (kind === null) throw notImported(bundle, manifest)

  const generations = new Generations(kind === 'mirror' ? request.root : join(request.root, kind))
  return withImportLock(generations.root, async () => {
    await generations.prepare()
    const before = await readActive(generations)
    const { content } = manifest
    if (before?.manifest.content.content_root === content.content_root) return { manifest, isNew: false, receipt: null }
    requireWanted(request, manifest, before?.manifest ?? null)
    await requireRoom(generations.root, published)
    const digits = content.content_root.slice('sha256:'.length, 'sha256:'.length + NAME_DIGITS)
    const name = `${String(generationOf(content)).padStart(12, '0')}-${digits}`
    await unpackInto(generations, { published, bundle, name, isMirror: kind === 'mirror' }, signal)
    const receipt = await writeReceipt(request.root, {
      schema_version: '1',
      kind,
      imported_at: request.now.toISOString(),
      generation: generationOf(content),
      ledger: content.mirror?.ledger ?? null,
      ledger_revision: content.ledger_revision,
      content_root: content.content_root,
      state_root: content.mirror?.state_root ?? null,
      manifest_sha256: createHash('sha256')
        .update(published.manifestBytes ?? '')
        .digest('hex'),
      signed_by: keyId,
      replaces: before?.name ?? null,
    })
    return { manifest, isNew: true, receipt }
  })
}

/** A later export of the same ledger has a higher one. */
function generationOf({ mirror, ledger_revision }: ExportManifest['content']): number {
  return mirror?.generation ?? ledger_revision
}

async function unpackInto(
  generations: Generations,
  { published, bundle, name, isMirror }: { published: ReadExport; bundle: string; name: string; isMirror: boolean },
  signal: AbortSignal,
): Promise<void> {
  const scratch = await generations.scratch()
  try {
    const members = published.members.map(({ path }) => path)
    const maxBytes = published.members.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    const unpacked = await unpackBundle({ path: resolve(bundle), members, out: scratch, maxBytes }, signal)
    // What is on the disk must be what was verified, whoever may have changed the bundle meanwhile.
    const verified = new Map(published.members.map((member) => [member.path, member.sha256]))
    const other = unpacked.find(({ path, sha256 }) => verified.get(path) !== sha256)
    if (other) throw unsound(bundle, [{ path: other.path, reason: 'it was changed while it was imported' }])
    if (isMirror) await buildSearch(scratch, join(scratch, SEARCH_FILE), signal)
    await generations.activate(scratch, name)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** @throws ReaderFailure `integrity` for what would replace what serves by something older, or something else */
function requireWanted(request: ImportRequest, { content, run }: ExportManifest, before: ExportManifest | null): void {
  const { bundle, now, allowExpired, allowRollback, allowOther } = request
  // Trivy itself looks at the age of its databases.
  const validUntil = content.mirror?.valid_until
  if (validUntil !== undefined && Date.parse(validUntil) <= now.getTime() && !allowExpired) {
    throw refused(bundle, `it was valid until ${validUntil}`, 'get a newer mirror, or give --allow-expired')
  }
  if (!before) return
  const is = [run.tenant, content.profile.id, content.mirror?.ledger, JSON.stringify(content.filters)]
  const was = before.content
  const served = [before.run.tenant, was.profile.id, was.mirror?.ledger, JSON.stringify(was.filters)]
  const isOther = is.some((value, index) => value !== served[index])
  if (isOther && !allowOther) {
    const what = 'it is of another tenant, profile, ledger or set of filters than the mirror that serves'
    throw refused(bundle, what, 'import it into a folder of its own, or give --allow-other')
  }
  const [newer, older] = [generationOf(content), generationOf(was)]
  if (!isOther && newer < older && !allowRollback) {
    const what = `its generation is ${newer}, and ${older} serves: it would go back`
    throw refused(bundle, what, 'get a newer mirror, or give --allow-rollback')
  }
}

async function requireRoom(root: string, { members }: ReadExport): Promise<void> {
  const needed = members.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) + SPARE_BYTES
  const { bavail, bsize } = await statfs(join(root))
  const free = bavail * bsize
  if (free >= needed) return
  const message = `there is no room for the mirror: it needs ${needed} bytes in ${root}, and ${free} are free`
  throw new ReaderFailure('failed', message, 'free some space, or use another folder by --root')
}

function unsound(bundle: string, faults: readonly { readonly path: string; readonly reason: string }[]): ReaderFailure {
  const told = faults.slice(0, MAX_TOLD).map(({ path, reason }) => `\n  ${path}: ${reason}`)
  const more = faults.length > MAX_TOLD ? `\n  and ${faults.length - MAX_TOLD} more` : ''
  const message = `${bundle} was not imported, since it is not what was published:${told.join('')}${more}`
  return new ReaderFailure('integrity', message, 'get it again, or ask who gave it to you')
}

function refused(bundle: string, why: string, advice: string): ReaderFailure {
  return new ReaderFailure('integrity', `${bundle} was not imported: ${why}`, advice)
}

function notImported(bundle: string, { content }: ExportManifest): ReaderFailure {
  if (content.delta) {
    const advice = 'make the mirror first: stella mirror apply <base> <delta>… --out <mirror>'
    return new ReaderFailure('integrity', `${bundle} was not imported: it is a delta`, advice)
  }
  const advice =
    'export a mirror by a profile mirror:full, or a database for Trivy by one that says trivy: { oci: true }'
  return new ReaderFailure(
    'usage',
    `${bundle} was not imported: it is neither a mirror nor a registry's database`,
    advice,
  )
}

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { MAX_TRIVY_BYTES, type TrivyDatabase } from '@stella/contracts'
import { CommandFailure } from '@stella/core'
import { copyMember } from '@stella/native'
import { extract } from 'tar-stream'

/** A verified export, and where its database goes. */
export interface DatabaseToInstall {
  /** The bundle, or the folder that it was unpacked into. */
  readonly path: string
  readonly database: TrivyDatabase
  /** Digest of the archive, as the verified manifest has it. */
  readonly sha256: string
  /** Trivy's cache. */
  readonly cache: string
  readonly now: Date
}

/** Where the database lies now, and until when Trivy takes it for new. */
export interface InstalledDatabase {
  readonly database: string
  readonly next_update: string
}

/**
 * Puts the database and `metadata.json` into its folder of the cache, as Trivy's client does after a download: `DownloadedAt` is the time of installation.
 * Whenever it is stopped, Trivy finds a whole database: the new one replaces the old one before the new metadata do.
 * @throws CommandFailure `integrity` where the file is not what was verified, or holds no database; `failed` for what cannot be written
 */
export async function installDatabase(install: DatabaseToInstall, signal: AbortSignal): Promise<InstalledDatabase> {
  const { database } = install
  const folder = join(install.cache, database.folder)
  await mkdir(folder, { recursive: true })
  const scratch = await mkdtemp(join(folder, '.stella-'))
  try {
    const archive = join(scratch, 'archive')
    const path = resolve(install.path)
    await copyMember({ path, member: database.path, out: archive, maxBytes: MAX_TRIVY_BYTES }, signal)
    if ((await digestOf(archive)) !== install.sha256) throw altered(install)
    const metadata = await unpack(archive, scratch, install)
    const stamped = { ...metadata, DownloadedAt: install.now.toISOString().replace('.000Z', 'Z') }
    await writeFile(join(scratch, 'metadata.json'), `${JSON.stringify(stamped)}\n`, { flush: true })
    for (const name of [database.file, 'metadata.json']) await rename(join(scratch, name), join(folder, name))
    return { database: join(folder, database.file), next_update: String(metadata.NextUpdate) }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk)
  return hash.digest('hex')
}

/** Unpacks the database beside the archive; answers its metadata. */
async function unpack(archive: string, folder: string, install: DatabaseToInstall): Promise<Record<string, unknown>> {
  const { file: databaseFile, schema } = install.database
  const found = new Map<string, string>()
  const members = extract()
  members.on('entry', ({ name, size = 0 }, content, next) => {
    const wanted = [databaseFile, 'metadata.json'].includes(name) && !found.has(name) && size <= MAX_TRIVY_BYTES
    if (!wanted) return void members.destroy(altered(install))
    const file = join(folder, `unpacked-${name}`)
    found.set(name, file)
    writeSynced(file, content).then(() => next(), next)
  })
  await pipeline(createReadStream(archive), createGunzip(), members).catch((cause: unknown) => {
    throw cause instanceof CommandFailure ? cause : altered(install, cause)
  })
  const [database, metadata] = [found.get(databaseFile), found.get('metadata.json')]
  if (database === undefined || metadata === undefined) throw altered(install)
  const value: unknown = JSON.parse(await readFile(metadata, 'utf8'))
  if (typeof value !== 'object' || value === null || !('Version' in value) || value.Version !== schema)
    throw altered(install)
  await rename(database, join(folder, databaseFile))
  return { ...value }
}

async function writeSynced(file: string, content: AsyncIterable<unknown>): Promise<void> {
  const handle = await open(file, 'w')
  try {
    for await (const chunk of content) await handle.write(chunk as Uint8Array)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function altered({ path, database }: DatabaseToInstall, cause?: unknown): CommandFailure {
  const message = `${path} cannot be installed: ${database.path} is not a database of Trivy's schema ${database.schema}`
  return new CommandFailure('integrity', message, 'download the export again', { cause })
}

import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'

import { ociIndex, ociTypes, Problem } from '@stella/contracts'
import { MAX_OCI_BYTES, ociBlobPath } from '@stella/core/oci-layout'
import { type Context, Hono } from 'hono'
import { z } from 'zod'

import { Generations } from './generations.ts'
import { type DatabaseKind, databases } from './import-kinds.ts'

const OCI_FOLDER = 'trivy/oci'

/** What is looked at of a manifest: the media types of its blobs. */
const blobsOf = z.object({ layers: z.array(z.object({ digest: z.string(), mediaType: z.string() })) })

/**
 * The databases for Trivy that were imported, as a registry to pull from: `trivy --db-repository <address>/trivy-db:2`. Reads only, of the OCI distribution
 * specification 1.1 what pulling needs ("Pulling manifests", "Pulling blobs").
 */
export function registry(root: string): Hono {
  const app = new Hono()
  app.get('/v2/', (c) => c.json({}))
  app.on(['GET', 'HEAD'], '/v2/:name/manifests/:reference', async (c) => {
    const folder = await folderOf(root, c.req.param('name'))
    const { digest, tag } = await tagged(folder)
    const reference = c.req.param('reference')
    if (reference !== tag && reference !== digest && reference !== 'latest')
      throw unknown(`${c.req.param('name')}:${reference}`)
    const bytes = await readFile(blobFile(folder, digest))
    return c.body(new Uint8Array(bytes), 200, headers(digest, bytes.length, ociTypes.manifest))
  })
  app.on(['GET', 'HEAD'], '/v2/:name/blobs/:digest', async (c) => {
    const folder = await folderOf(root, c.req.param('name'))
    const digest = c.req.param('digest')
    const file = blobFile(folder, digest)
    const { size } = await stat(file).catch(() => Promise.reject(unknown(digest)))
    const type = await mediaTypeOf(folder, digest)
    return new Response(bodyOf(c, file), { headers: headers(digest, size, type) })
  })
  return app
}

/** Whether any database was imported. */
export function hasDatabase(root: string): boolean {
  return Object.keys(databases).some((name) => new Generations(join(root, name)).active() !== null)
}

/** Folder of the layout of a database that serves. */
async function folderOf(root: string, name: string): Promise<string> {
  if (!Object.hasOwn(databases, name)) throw unknown(name)
  const generations = new Generations(join(root, name as DatabaseKind))
  const active = generations.active()
  if (active === null) throw unknown(name)
  return join(generations.bundleIn(generations.pathOf(active)), OCI_FOLDER)
}

/** The one manifest of a layout, and its tag. */
async function tagged(folder: string): Promise<{ digest: string; tag: string | undefined }> {
  const contract = ociIndex.extend({
    manifests: z
      .array(z.object({ digest: z.string(), annotations: z.record(z.string(), z.string()).optional() }))
      .min(1),
  })
  const { manifests } = contract.parse(JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')))
  const [first] = manifests
  return { digest: first?.digest ?? '', tag: first?.annotations?.['org.opencontainers.image.ref.name'] }
}

async function mediaTypeOf(folder: string, digest: string): Promise<string> {
  const manifest = await readFile(blobFile(folder, (await tagged(folder)).digest))
  if (manifest.length > MAX_OCI_BYTES) throw unknown(digest)
  const { layers } = blobsOf.parse(JSON.parse(manifest.toString()))
  return layers.find((layer) => layer.digest === digest)?.mediaType ?? 'application/octet-stream'
}

function blobFile(folder: string, digest: string): string {
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) throw unknown(digest)
  return join(folder, ociBlobPath(digest.slice('sha256:'.length)))
}

function bodyOf(c: Context, file: string): ReadableStream | null {
  return c.req.method === 'HEAD' ? null : (Readable.toWeb(createReadStream(file)) as ReadableStream)
}

function headers(digest: string, size: number, type: string): Record<string, string> {
  return { 'content-type': type, 'content-length': String(size), 'docker-content-digest': digest }
}

function unknown(what: string): Problem {
  return new Problem(
    'resource/not-found',
    `there is no ${what} here: import an export of a profile of kind trivy with trivy: { oci: true }`,
  )
}

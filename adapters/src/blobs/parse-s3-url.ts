import { isAbsolute } from 'node:path'

import { Problem } from '@stella/contracts'

import { keySegments } from './blob-key.ts'

/** Where blobs lie in an S3-compatible store, and how to reach it. */
export interface S3Location {
  readonly bucket: string
  /** What every object's key begins with: nothing, or segments that end in `/`. */
  readonly prefix: string
  /** URL of a store other than AWS; null: that of the region. */
  readonly endpoint: string | null
  /** Null: as the environment says. */
  readonly region: string | null
  /** True: the bucket is the first segment of the path; false: the first label of the host. */
  readonly pathStyle: boolean
  /** Absolute path of the directory for temporary files; null: one of this user's under the system's. */
  readonly scratch: string | null
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
const parameters = ['endpoint', 'region', 'path-style', 'scratch']

/**
 * Reads `s3://bucket/prefix?endpoint=https://…&region=…&path-style=true&scratch=/directory`; all but the bucket may be left out.
 * @throws `config/invalid` naming what is wrong, never the URL, which may hold a secret by mistake
 */
export function parseS3Url(url: URL): S3Location {
  if (url.username !== '' || url.password !== '') {
    throw invalid('it holds credentials: give them as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY')
  }
  if (!BUCKET.test(url.host) || url.hash !== '') throw invalid('it does not name a bucket')
  const given = [...url.searchParams.keys()]
  const unknown = given.find((name) => !parameters.includes(name))
  if (unknown !== undefined) throw invalid(`it has the unknown parameter ${JSON.stringify(unknown.slice(0, 50))}`)
  if (new Set(given).size < given.length) throw invalid('it gives a parameter twice')

  const value = (name: string) => url.searchParams.get(name) || null
  const scratch = value('scratch')
  if (scratch !== null && !isAbsolute(scratch)) throw invalid('scratch is not an absolute path')
  return {
    bucket: url.host,
    prefix: prefixOf(url.pathname),
    endpoint: endpointOf(value('endpoint')),
    region: value('region'),
    pathStyle: flagOf(value('path-style')),
    scratch,
  }
}

function prefixOf(pathname: string): string {
  const path = pathname.replace(/^\/|\/$/g, '')
  if (path === '') return ''
  try {
    return `${keySegments(path).join('/')}/`
  } catch (cause) {
    throw invalid('its prefix is not segments of A-Z, a-z, 0-9, ".", "_", "~" and "-"', cause)
  }
}

function endpointOf(text: string | null): string | null {
  if (text === null) return null
  const url = URL.canParse(text) ? new URL(text) : null
  const plain = url && url.search === '' && url.hash === '' && url.username === '' && url.password === ''
  if (!plain || !/^https?:$/.test(url.protocol)) throw invalid('endpoint is not a URL of http or https alone')
  return text
}

function flagOf(text: string | null): boolean {
  if (text === null || text === 'false') return false
  if (text === 'true') return true
  throw invalid('path-style is neither true nor false')
}

function invalid(why: string, cause?: unknown): Problem {
  const form = 's3://bucket/prefix?endpoint=https://…&region=…&path-style=true'
  return new Problem('config/invalid', `BLOB_URL cannot be used: ${why}: give ${form}`, { cause })
}

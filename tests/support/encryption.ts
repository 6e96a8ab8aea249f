import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { EncryptedFiles, ExportFile, ExportManifest, Run } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'

import { ingest, type Outcome, openTenant, samples, type Tenant } from './tenant.ts'

/** Two keys of nobody, as age-keygen prints them; their identity files are `old.txt` and `next.txt` of a tenant that `openEncryption` opens. */
export const old = {
  recipient: 'age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa',
  secret: 'AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33',
}
export const next = {
  recipient: 'age1l3x6dpj4538wwqttq2w4lpza5yc36w69hf53nuznf0vzju2xn4ssj8d39z',
  secret: 'AGE-SECRET-KEY-1PP3EV9EJZ0T0WFNPED0CWDKWLL2AG4Y2C899VFRQ6LU2FCUS9USSTX3X33',
}

export interface Exported {
  readonly run: Run
  readonly bundle: string
  readonly manifest: ExportManifest
}

/** What `stella export verify --json` says. */
export interface Told {
  readonly code: number
  readonly verdict: { ok: boolean; encrypted: boolean; plaintext_checked: boolean; faults: { path: string }[] }
}

/** A tenant with the samples, and the profiles `prof_plain`, `prof_sealed_full`, `prof_sealed_delta` and `prof_strict`, encrypted to `old`. */
export interface Encryption {
  readonly tenant: Tenant
  create(name: string, variant: string, encryption?: object, config?: object): Promise<Response>
  /** A new path in the tenant's folder. */
  place(name: string): string
  exported(profile: string, ...options: string[]): Promise<Exported>
  unpack(bundle: string): string
  verified(path: string): Promise<Told>
  /** Decrypts a bundle by an identity file, or by a data key; what came out is at `out`. */
  decrypted(
    bundle: string,
    key: string | { readonly dataKey: string },
    ...options: string[]
  ): Promise<Outcome & { readonly out: string }>
  /** File of the key that was pinned when the first bundle was downloaded. */
  trustedKey(): string
}

/** A stack with such a tenant, and a mirror of it, plain and encrypted after a profile. */
export async function startEncryption(id: string, profile: string) {
  const stack = await startTestStack()
  const at = await openEncryption(stack, id)
  return { stack, at, plain: await at.exported('prof_plain'), sealed: await at.exported(profile) }
}

export async function openEncryption(stack: TestStack, id: string): Promise<Encryption> {
  const tenant = await openTenant(stack, id)
  let made = 0
  const place = (name: string) => join(tenant.directory, `${name}-${++made}`)
  const create = (name: string, variant: string, encryption?: object, config?: object) => {
    const body = JSON.stringify({
      name,
      kind: 'mirror',
      variant,
      config: { ...config, ...(encryption && { encryption }) },
    })
    return tenant.api('/export/profiles', { method: 'POST', body })
  }
  for (const folder of ['advisories', 'vex', 'sboms']) await ingest(tenant, join(samples, folder))
  for (const [name, variant, encryption] of [
    ['plain', 'full'],
    ['sealed full', 'full', { recipients: [old.recipient] }],
    ['sealed delta', 'delta', { recipients: [old.recipient] }],
    ['strict', 'full', { recipients: [old.recipient], strict: true }],
  ] as const) {
    const { status } = await create(name, variant, encryption)
    if (status !== 201) throw new Error(`no profile ${name}: ${status}`)
  }
  for (const [name, { secret }] of Object.entries({ old, next }))
    writeFileSync(join(tenant.directory, `${name}.txt`), `# key of nobody\n\n${secret}\n`)

  return {
    tenant,
    place,
    create,
    async exported(profile, ...options) {
      const bundle = `${place('bundle')}.tar.zst`
      const asked = ['export', 'run', 'create', '--profile', profile, '--download', bundle, ...options]
      const run = await tenant.json<Run>(...asked)
      const manifest = await (await tenant.api(`/export/runs/${run.id}/manifest`)).json()
      return { run, bundle, manifest: manifest as ExportManifest }
    },
    unpack(bundle) {
      const tree = place('tree')
      mkdirSync(tree)
      execFileSync('tar', ['--zstd', '-xf', bundle, '-C', tree])
      return tree
    },
    async verified(path) {
      const { code, stdout } = await tenant.stella('export', 'verify', path, '--json')
      return { code, verdict: JSON.parse(stdout) as Told['verdict'] }
    },
    async decrypted(bundle, key, ...options) {
      const out = `${place('decrypted')}.tar.zst`
      const keyOption = typeof key === 'string' ? ['--identity', key] : ['--data-key', key.dataKey]
      const asked = ['mirror', 'decrypt', bundle, ...keyOption, '--out', out, ...options]
      return { ...(await tenant.stella(...asked)), out }
    },
    trustedKey() {
      const folder = join(tenant.directory, 'stella/trusted-keys')
      const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      return join(folder, files.find((file) => file.endsWith('.pem')) ?? '')
    },
  }
}

export function fileIn(bundle: string, path: string): string {
  return execFileSync('tar', ['--zstd', '-xOf', bundle, path], { encoding: 'utf8' })
}

export function listIn(tree: string): EncryptedFiles {
  return JSON.parse(readFileSync(join(tree, 'signatures/encrypted.json'), 'utf8')) as EncryptedFiles
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** The files of a manifest that encryption is about. */
export function dataFiles({ content }: ExportManifest): ExportFile[] {
  return content.files.filter(({ path }) => path !== 'README.md')
}

/** Where a file of a mirror lies that is encrypted to recipients. */
export function sealedPath(path: string): string {
  return path.endsWith('.zst') ? `${path}.age` : `${path}.zst.age`
}

/** What the zstd command makes of what was decrypted. */
export function decompressed(input: Uint8Array): Buffer {
  return execFileSync('zstd', ['--decompress', '--stdout'], { input, maxBuffer: 2 ** 30 })
}

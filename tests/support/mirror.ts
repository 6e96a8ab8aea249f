import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { PublicKey, Run } from '@stella/contracts'
import { expect } from 'vitest'

import type { Tenant } from './tenant.ts'

/** Makes the profiles `prof_mirror_full` and `prof_mirror_delta`. */
export async function createMirrorProfiles(tenant: Tenant): Promise<void> {
  for (const variant of ['full', 'delta']) {
    const body = JSON.stringify({ name: `mirror ${variant}`, kind: 'mirror', variant })
    expect((await tenant.api('/export/profiles', { method: 'POST', body })).status).toBe(201)
  }
}

/** Exports a mirror or a delta by these profiles, into a file. */
export function exportMirror(
  tenant: Tenant,
  variant: 'full' | 'delta',
  bundle: string,
  ...options: string[]
): Promise<Run> {
  const asked = ['--profile', `prof_mirror_${variant}`, '--download', bundle, ...options]
  return tenant.json<Run>('export', 'run', 'create', ...asked)
}

/** Writes the public key of a tenant's stack. @returns its path */
export async function publicKeyFile(tenant: Tenant): Promise<string> {
  const { keys } = (await (await tenant.api('/export/keys')).json()) as { keys: PublicKey[] }
  const path = join(tenant.directory, 'key.pem')
  writeFileSync(path, keys[0]?.pem ?? '')
  return path
}

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { PublicKey } from '@stella/contracts'
import { startTestStack, type TestStack } from '@stella/deploy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lacksJudge } from '../support/judge.ts'
import { createProfile, exportBundle, ingest, openTenant, samples } from '../support/tenant.ts'

let stack: TestStack
let bundle: string
let directory: string
let tree: string
let key: string

beforeAll(async () => {
  stack = await startTestStack()
  const tenant = await openTenant(stack, 'interop')
  await ingest(tenant, join(samples, 'advisories'), join(samples, 'vex'), join(samples, 'sboms'))
  await createProfile(tenant)
  bundle = (await exportBundle(tenant, 'export.tar.zst')).bundle
  directory = tenant.directory
  tree = join(directory, 'tree')
  key = join(directory, 'export.pub')
  const { keys } = (await (await fetch(`${stack.url}/export/keys`)).json()) as { keys: PublicKey[] }
  writeFileSync(key, keys[0]?.pem ?? '')
  mkdirSync(tree)
  execFileSync('tar', ['--zstd', '-xf', bundle, '-C', tree])
})
afterAll(() => stack?.stop())

function shell(script: string, cwd = tree): string {
  const { status, stdout, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', script], { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${script}\nexited with ${status}: ${stderr}${stdout}`)
  return stdout
}

describe('a bundle, without any code of ours', () => {
  test('is sound to zstd and lists its members in order to tar', () => {
    shell(`zstd -t '${bundle}'`)
    const listed = shell(`tar --zstd -tf '${bundle}'`).trim().split('\n')
    expect(listed).toEqual(listed.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
    expect(listed).toContain('export.json')
    const long = shell(`TZ=UTC tar --zstd --numeric-owner -tvf '${bundle}'`).trim().split('\n')
    expect(new Set(long.map((line) => line.replace(/ +/g, ' ').split(' ').slice(0, 2).join(' ')))).toEqual(
      new Set(['-rw-r--r-- 0/0']),
    )
  })

  test('has the signature that openssl verifies, and not over other bytes', () => {
    const verify = (file: string) =>
      `base64 -d signatures/export.sig > '${directory}/sig.der' && openssl dgst -sha256 -verify '${key}' -signature '${directory}/sig.der' ${file}`
    expect(shell(verify('export.json'))).toContain('Verified OK')
    expect(() => shell(verify('provenance.json'))).toThrow(/exited with 1/)
  })

  test('has the hashes that sha256sum finds, over the list that jq takes from export.json', () => {
    const checked = shell(`jq -r '.content.files[] | "\\(.sha256)  \\(.path)"' export.json | sha256sum -c -`)
    expect(
      checked
        .trim()
        .split('\n')
        .every((line) => line.endsWith(': OK')),
    ).toBe(true)
  })

  test('has JSON lines that zstd and jq read: as many as the manifest counts', () => {
    for (const [group, count] of Object.entries(
      JSON.parse(readFileSync(join(tree, 'export.json'), 'utf8')).content.counts,
    )) {
      if (group === 'sboms') continue
      expect(Number(shell(`zstd -dc ${group}/normalized.jsonl.zst | jq -c . | wc -l`))).toBe(count)
    }
  })

  test.skipIf(lacksJudge('cosign', 'go install github.com/sigstore/cosign/v2/cmd/cosign@v2.4.1'))(
    'is verified by cosign: blob and attestation',
    () => {
      const offline = '--insecure-ignore-tlog=true'
      shell(`cosign verify-blob --key '${key}' --signature signatures/export.sig ${offline} export.json`)
      shell(
        `echo '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}' > '${directory}/trusted-root.json' && ` +
          `cosign verify-blob-attestation --trusted-root '${directory}/trusted-root.json' --new-bundle-format --bundle signatures/provenance.sigstore.json --key '${key}' ` +
          `--type https://slsa.dev/provenance/v1 ${offline} export.json`,
      )
      expect(() =>
        shell(`cosign verify-blob --key '${key}' --signature signatures/export.sig ${offline} provenance.json`),
      ).toThrow()
    },
  )
})

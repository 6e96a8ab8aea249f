import { execFileSync } from 'node:child_process'
import { createPublicKey, randomBytes, verify } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { isLowS, publicKeyId } from '@stella/core'
import { beforeAll, describe, expect, test } from 'vitest'

import type { Kms } from './kms.ts'

/** What every driver of a KMS must do. */
export function kmsSuite(driver: string, open: () => Promise<Kms>): void {
  describe(driver, () => {
    let kms: Kms
    beforeAll(async () => {
      kms = await open()
    })

    test('sign() names the current key, whose id is the SHA-256 of its SubjectPublicKeyInfo', async () => {
      const [current] = await kms.publicKeys()
      const { keyId, algorithm } = await kms.sign(Buffer.from('bytes'))
      expect(current).toMatchObject({ id: keyId, algorithm })
      expect(publicKeyId(current?.pem ?? '')).toBe(keyId)
    })

    test('node:crypto verifies a signature, and refuses it over other bytes', async () => {
      const [current] = await kms.publicKeys()
      const key = createPublicKey(current?.pem ?? '')
      const digest = current?.algorithm === 'ed25519' ? null : 'sha256'
      for (const bytes of [Buffer.alloc(0), Buffer.from('bytes'), randomBytes(1024 * 1024)]) {
        const { signature } = await kms.sign(bytes)
        expect(verify(digest, bytes, key, signature)).toBe(true)
        expect(verify(digest, Buffer.concat([bytes, Buffer.from('!')]), key, signature)).toBe(false)
      }
    })

    test('a stream is signed as its bytes are', async () => {
      const [current] = await kms.publicKeys()
      const chunks = [Buffer.from('by'), Buffer.alloc(0), randomBytes(70_000)]
      async function* stream() {
        yield* chunks
      }
      const { signature } = await kms.sign(stream())
      const digest = current?.algorithm === 'ed25519' ? null : 'sha256'
      expect(verify(digest, Buffer.concat(chunks), createPublicKey(current?.pem ?? ''), signature)).toBe(true)
    })

    test('a signature by ECDSA has the low s, whatever is signed', async () => {
      for (let at = 0; at < 20; at += 1) {
        const { algorithm, signature } = await kms.sign(Buffer.from(String(at)))
        expect(algorithm === 'ed25519' || isLowS(signature)).toBe(true)
      }
    })

    test.skipIf(!hasOpenssl() && !process.env.CI)('openssl verifies a signature', async () => {
      const [current] = await kms.publicKeys()
      const directory = mkdtempSync(join(tmpdir(), 'stella-kms-'))
      const { signature } = await kms.sign(Buffer.from('bytes'))
      const files = { 'key.pem': current?.pem ?? '', 'file.sig': signature, file: 'bytes', other: 'Bytes' }
      for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content)

      const verified = (file: string) =>
        execFileSync('openssl', ['dgst', '-sha256', '-verify', 'key.pem', '-signature', 'file.sig', file], {
          cwd: directory,
          encoding: 'utf8',
          stdio: 'pipe',
        })
      expect(verified('file')).toContain('Verified OK')
      expect(() => verified('other')).toThrow()
      rmSync(directory, { recursive: true })
    })
  })
}

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    console.warn('skipped: openssl verifies a signature: install the package openssl')
    return false
  }
}

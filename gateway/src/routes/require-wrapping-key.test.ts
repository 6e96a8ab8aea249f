import { expect, test } from 'vitest'

import { requireWrappingKey } from './require-wrapping-key.ts'

test('a profile that names no KMS key needs no KMS; one that does is refused where there is none', async () => {
  await expect(
    requireWrappingKey({ wrappingKms: null }, { tenantId: 'acme', name: undefined }),
  ).resolves.toBeUndefined()
  await expect(requireWrappingKey({ wrappingKms: null }, { tenantId: 'acme', name: 'site-1' })).rejects.toMatchObject({
    code: 'request/invalid',
    message:
      'config.encryption.kms_key: this installation has no KMS for encryption: name recipients, or ask who operates the service',
  })
})

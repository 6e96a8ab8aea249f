import { metricsSettings, runLimitSettings } from '@stella/contracts'
import { isGuardedUrl, parseDatabaseUrl } from '@stella/core'
import { z } from 'zod'

/** What the environment tells a worker. */
export const settings = z
  .object({
    DATABASE_URL: z
      .string()
      .refine(
        withoutTls,
        'sslmode must be absent or disable: the native reader does not speak TLS yet, use a unix socket or a tunnel',
      ),
    NATS_URL: z.string().min(1),
    BLOB_URL: z.string().min(1),
    KMS_URL: z.string().min(1),
    ENCRYPTION_KMS_URL: z.string().min(1).optional(),
    EVIDENCE_URL: z
      .url({ protocol: /^https?$/ })
      // A token that is sent in the clear over a network is everybody's.
      .refine(isGuardedUrl, 'must be https, or http on this machine, and hold no user')
      .optional(),
    EVIDENCE_TOKEN: z.string().min(1).optional(),
    EVIDENCE_TOKEN_FILE: z.string().min(1).optional(),
    STELLA_READERS: z.coerce.number().int().min(1).max(64).default(2),
    ...runLimitSettings,
    ...metricsSettings,
    NODE_ENV: z.string().default('development'),
  })
  .refine(
    ({ EVIDENCE_URL: url, EVIDENCE_TOKEN: token, EVIDENCE_TOKEN_FILE: file }) =>
      url === undefined || (token ?? file) !== undefined,
    {
      path: ['EVIDENCE_TOKEN_FILE'],
      message: 'EVIDENCE_URL needs a token: a file, whose path may hold {tenant}, or EVIDENCE_TOKEN',
    },
  )
/** What the environment tells a worker. */
export type Settings = z.infer<typeof settings>

/** What would be encrypted for one reader and in the clear for the other is refused. */
function withoutTls(url: string): boolean {
  const { sslmode } = parseDatabaseUrl(url)
  return sslmode === null || sslmode === 'disable'
}

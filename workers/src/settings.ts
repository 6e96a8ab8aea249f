import { metricsSettings, runLimitSettings } from '@stella/contracts'
import { parseDatabaseUrl } from '@stella/core'
import { z } from 'zod'

/** What the environment tells a worker. */
export const settings = z.object({
  DATABASE_URL: z
    .string()
    .refine(
      withoutTls,
      'sslmode must be absent or disable: the native reader does not speak TLS yet, use a unix socket or a tunnel',
    ),
  NATS_URL: z.string().min(1),
  BLOB_URL: z.string().min(1),
  KMS_URL: z.string().min(1),
  STELLA_READERS: z.coerce.number().int().min(1).max(64).default(2),
  ...runLimitSettings,
  ...metricsSettings,
  NODE_ENV: z.string().default('development'),
})

/** What would be encrypted for one reader and in the clear for the other is refused. */
function withoutTls(url: string): boolean {
  const { sslmode } = parseDatabaseUrl(url)
  return sslmode === null || sslmode === 'disable'
}

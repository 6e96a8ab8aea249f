import { MAX_RATE, metricsSettings, PROFILE_RUNS, runLimitSettings, TENANT_REQUESTS } from '@stella/contracts'
import { z } from 'zod'

const rate = z.coerce.number().int().min(1).max(MAX_RATE)

/** What the environment tells the gateway. */
export const settings = z.object({
  DATABASE_URL: z.string().min(1),
  NATS_URL: z.string().min(1),
  BLOB_URL: z.string().min(1),
  KMS_URL: z.string().min(1),
  ENCRYPTION_KMS_URL: z.string().min(1).optional(),
  OIDC_ISSUER: z.string().min(1),
  OIDC_AUDIENCE: z.string().min(1),
  OIDC_JWKS_URL: z.url(),
  STELLA_HOST: z.string().default('127.0.0.1'),
  STELLA_PORT: z.coerce.number().int().min(0).max(65535).default(8080),
  STELLA_TENANT_REQUESTS_PER_MINUTE: rate.default(TENANT_REQUESTS),
  STELLA_PROFILE_RUNS_PER_MINUTE: rate.default(PROFILE_RUNS),
  ...runLimitSettings,
  ...metricsSettings,
  STELLA_ALLOWED_ORIGINS: z
    .string()
    .default('')
    .transform((list) =>
      list
        .split(',')
        .map((origin) => origin.trim())
        .filter((origin) => origin !== ''),
    )
    .refine((origins) => origins.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin), {
      message: 'must be origins, such as https://console.example.org, separated by commas',
    }),
  NODE_ENV: z.string().default('development'),
})

import { z } from 'zod'

/** What the environment tells a worker. */
export const settings = z.object({
  DATABASE_URL: z.string().min(1),
  NATS_URL: z.string().min(1),
  BLOB_URL: z.string().min(1),
  KMS_URL: z.string().min(1),
  STELLA_READERS: z.coerce.number().int().min(1).max(64).default(2),
  NODE_ENV: z.string().default('development'),
})

import { Problem } from '@stella/contracts'
import { z } from 'zod'

const settings = z.object({
  DATABASE_URL: z.string().min(1),
  NATS_URL: z.string().min(1),
  BLOB_URL: z.string().min(1),
  KMS_URL: z.string().min(1),
  STELLA_READERS: z.coerce.number().int().min(1).max(64).default(2),
  NODE_ENV: z.string().default('development'),
})

/** What a worker is told by its environment. */
export type Settings = z.infer<typeof settings>

/** Reads the environment once. @throws `config/invalid`, naming each variable that is absent or wrong */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const read = settings.safeParse(environment)
  if (read.success) return read.data
  const names = read.error.issues.map(({ path, message }) => `${path.join('.')} (${message})`)
  throw new Problem('config/invalid', `the worker cannot start: set ${names.join(', ')}`)
}

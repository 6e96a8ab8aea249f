import { z } from 'zod'

/** Where a process serves its metrics. Without a port it does not; port 0 takes a free one and logs it. */
export const metricsSettings = {
  STELLA_METRICS_HOST: z.string().default('127.0.0.1'),
  STELLA_METRICS_PORT: z.coerce.number().int().min(0).max(65535).optional(),
}

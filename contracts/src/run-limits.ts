import { z } from 'zod'

import { MAX_CONCURRENT_RUNS, PROFILE_CONCURRENT_RUNS, TENANT_CONCURRENT_RUNS } from './limits.ts'

/** How many runs may be under way at once; every process of an installation must use the same. */
export interface RunLimits {
  readonly tenantRuns: number
  /** For profiles that do not say. */
  readonly profileRuns: number
}

const limit = z.coerce.number().int().min(1).max(MAX_CONCURRENT_RUNS)

/** The settings of `RunLimits`, as gateways and workers read them. */
export const runLimitSettings = {
  STELLA_TENANT_CONCURRENT_RUNS: limit.default(TENANT_CONCURRENT_RUNS),
  STELLA_PROFILE_CONCURRENT_RUNS: limit.default(PROFILE_CONCURRENT_RUNS),
}

/** The limits that settings give. */
export function runLimits(settings: {
  readonly STELLA_TENANT_CONCURRENT_RUNS: number
  readonly STELLA_PROFILE_CONCURRENT_RUNS: number
}): RunLimits {
  return { tenantRuns: settings.STELLA_TENANT_CONCURRENT_RUNS, profileRuns: settings.STELLA_PROFILE_CONCURRENT_RUNS }
}

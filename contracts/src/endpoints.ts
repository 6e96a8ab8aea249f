import { auditEndpoints } from './endpoints/audit.ts'
import { ledgerEndpoints } from './endpoints/ledger.ts'
import { ledgerStreamEndpoints } from './endpoints/ledger-streams.ts'
import { monitoringEndpoints } from './endpoints/monitoring.ts'
import { planEndpoints } from './endpoints/plans.ts'
import { profileEndpoints } from './endpoints/profiles.ts'
import { runFileEndpoints } from './endpoints/run-files.ts'
import { runEndpoints } from './endpoints/runs.ts'
import { serviceEndpoints } from './endpoints/service.ts'
import { verificationEndpoints } from './endpoints/verifications.ts'

/**
 * Every endpoint of the API, one file per resource: role, request, answers. From this table the gateway enforces roles and parses
 * requests, `openApi()` makes the document, the docs are printed, and the tests enumerate.
 */
export const endpoints = {
  ...profileEndpoints,
  ...planEndpoints,
  ...runEndpoints,
  ...runFileEndpoints,
  ...ledgerEndpoints,
  ...ledgerStreamEndpoints,
  ...verificationEndpoints,
  ...monitoringEndpoints,
  ...auditEndpoints,
  ...serviceEndpoints,
} as const
/** Name of an endpoint. */
export type EndpointName = keyof typeof endpoints

import { z } from 'zod'

import { auditEntry } from './audit.ts'
import { encryptedFiles } from './encryption.ts'
import { exportManifest } from './export-manifest.ts'
import { exportIndex } from './index-document.ts'
import { ingest } from './ingest.ts'
import {
  ecosystemsRequest,
  extentRequest,
  ledgerEcosystems,
  ledgerExtent,
  ledgerLine,
  ledgerRevision,
  ledgerSources,
  ledgerTimes,
  recordsRequest,
  sourcesRequest,
  timesRequest,
} from './ledger.ts'
import { openApi } from './openapi/openapi.ts'
import { overview } from './overview.ts'
import { newProfile } from './profile.ts'
import { run } from './run.ts'
import { updateFrame } from './updates.ts'
import { verification } from './verification.ts'

/**
 * JSON Schemas (draft 2020-12) of what this project exchanges, by the name of their file under `contracts/schemas/`. A number ends
 * each name: a change that an old reader would refuse takes the next one. Rules between fields, as that `time_from` lies before
 * `time_to`, are not in them. `openapi-1.json` is the API as `GET /openapi.json` serves it.
 */
export function jsonSchemas(): Record<string, object> {
  return {
    'export-index-1.schema.json': titled('Index of an export in parts (index.json)', exportIndex, 'output'),
    'audit-entry-1.schema.json': titled('An entry of the audit log', auditEntry, 'output'),
    'encrypted-files-1.schema.json': titled('Files of an encrypted mirror (encrypted.json)', encryptedFiles, 'output'),
    'export-manifest-1.schema.json': titled('Export manifest (export.json)', exportManifest, 'output'),
    'ingest-1.schema.json': titled('A batch of documents', ingest, 'output'),
    'openapi-1.json': openApi(),
    'ledger-extent-1.schema.json': titled('How much a scope holds of one group', ledgerExtent, 'output'),
    'ledger-extent-request-1.schema.json': titled('An extent to read', extentRequest, 'input'),
    'ledger-line-1.schema.json': titled('A line of a ledger stream', ledgerLine, 'output'),
    'ledger-records-request-1.schema.json': titled('A ledger stream to read', recordsRequest, 'input'),
    'ledger-revision-1.schema.json': titled('A revision of the ledger', ledgerRevision, 'output'),
    'ledger-sources-1.schema.json': titled('What gave to a scope', ledgerSources, 'output'),
    'ledger-sources-request-1.schema.json': titled('The sources of a scope to read', sourcesRequest, 'input'),
    'ledger-ecosystems-1.schema.json': titled('How much of a scope is of which ecosystem', ledgerEcosystems, 'output'),
    'ledger-ecosystems-request-1.schema.json': titled('The ecosystems of a scope to read', ecosystemsRequest, 'input'),
    'ledger-times-1.schema.json': titled('Where the bytes of a scope lie in time', ledgerTimes, 'output'),
    'ledger-times-request-1.schema.json': titled('The times of a scope to read', timesRequest, 'input'),
    'profile-1.schema.json': titled('A profile to create', newProfile, 'input'),
    'update-1.schema.json': titled('A frame of the stream of updates', updateFrame, 'output'),
    'overview-1.schema.json': titled('An overview of a tenant', overview, 'output'),
    'verification-1.schema.json': titled('A verification of what is stored for a run', verification, 'output'),
    'run-1.schema.json': titled('A run', run, 'output'),
  }
}

function titled(title: string, schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io })
  return { $schema, title, ...rest }
}

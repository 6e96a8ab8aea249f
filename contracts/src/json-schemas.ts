import { z } from 'zod'

import { exportManifest } from './export-manifest.ts'
import { ingest } from './ingest.ts'
import { openApi } from './openapi/openapi.ts'
import { newProfile } from './profile.ts'
import { run } from './run.ts'

/**
 * JSON Schemas (draft 2020-12) of what this project exchanges, by the name of their file under `contracts/schemas/`. A number ends
 * each name: a change that an old reader would refuse takes the next one. Rules between fields, as that `time_from` lies before
 * `time_to`, are not in them. `openapi-1.json` is the API as `GET /openapi.json` serves it.
 */
export function jsonSchemas(): Record<string, object> {
  return {
    'export-manifest-1.schema.json': titled('Export manifest (export.json)', exportManifest, 'output'),
    'ingest-1.schema.json': titled('A batch of documents', ingest, 'output'),
    'openapi-1.json': openApi(),
    'profile-1.schema.json': titled('A profile to create', newProfile, 'input'),
    'run-1.schema.json': titled('A run', run, 'output'),
  }
}

function titled(title: string, schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io })
  return { $schema, title, ...rest }
}

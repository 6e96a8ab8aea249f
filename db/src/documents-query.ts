import type { KeyRange, Scope } from '@stella/core'

import { quoteLiteral } from './quote-literal.ts'
import { rangeConditions } from './range-query.ts'
import { scopeCondition } from './scope-conditions.ts'

/** SQL of a document's name in the folder of its subject, by the media type that a table `a` of artifacts has. */
export const FILE_NAME = `case a.media_type when 'application/spdx+json' then 'sbom.spdx.json'
  when 'application/vnd.cyclonedx+xml' then 'sbom.cdx.xml' else 'sbom.cdx.json' end`
/** Hexadecimal characters of an artifact's SHA-256 that tell folders of one name apart. */
export const FOLDER_DIGEST_CHARS = 32

/**
 * SELECT of the SBOMs of one range, for COPY, which takes no parameters: record key, folder, file name (text), content as received, its
 * SHA-256 (bytea), by record key bytewise. Subjects of one folder name anywhere in the scope each get `~` and a part of the digest, so
 * a folder depends neither on ranges nor on the order of ingestion. A session that runs it sets `app.tenant_id`.
 * @throws TypeError for a text that holds NUL
 */
export function documentsQuery(scope: Scope, range: KeyRange): string {
  const inRange = rangeConditions(range)
  return `select r.record_key,
  case when r.namesakes = 1 then r.subject_folder
    else r.subject_folder || '~' || left(encode(r.artifact_sha256, 'hex'), ${FOLDER_DIGEST_CHARS}) end as folder,
  ${FILE_NAME} as file_name, a.content, r.artifact_sha256
from (
select r.record_key, r.subject_folder, r.artifact_sha256, count(*) over (partition by r.subject_folder) as namesakes
from public.records r
where ${scopeCondition(scope, 'sbom')}
) r join public.raw_artifacts a on a.tenant_id = ${quoteLiteral(scope.tenantId)} and a.sha256 = r.artifact_sha256${
    inRange.length > 0 ? `\nwhere ${inRange.join('\n  and ')}` : ''
  }
order by r.record_key collate "C"`
}

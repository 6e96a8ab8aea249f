import type { Run } from '@stella/contracts'

import type { Created } from '../create-once.ts'

/** The answer to whoever had a run recorded. */
export function runAccepted(run: Run): Created<Run> {
  return { status: 202, headers: { location: `/export/runs/${run.id}` }, body: run }
}

import type { WorkerDeps } from '../deps.ts'

/** The form of a mirror's files: docs/formats/mirror.md. */
const MIRROR_VERSION = '1'

/** The forms that records of a mirror have, and its own. */
export function mirrorSchemas({ advisory, vex, sbom }: WorkerDeps['mappings']): Record<string, string> {
  return { advisory: advisory.id, vex: vex.id, sbom: sbom.id, mirror: MIRROR_VERSION }
}

import { jars } from './trivy-jars.ts'
import { lockFiles } from './trivy-lock-files.ts'
import { billsOfMaterials } from './trivy-materials.ts'

/** A package that an advisory speaks of, and a target in which Trivy finds it installed. */
export interface TrivyTarget {
  /** As OSV names it. */
  readonly ecosystem: string
  /** As OSV names it. */
  readonly name: string
  readonly installed: string
  readonly fixed: string
  /** Id of the advisory. */
  readonly id: string
  /** Where the advisory is from, as Trivy names it; null where it names none. */
  readonly source: string | null
  /** Name of the file that Trivy is given, and its content. */
  readonly file: string
  readonly content: string | Uint8Array
}

/** Every target, each with the advisory of its place in this list. */
export const trivyTargets: readonly TrivyTarget[] = [...lockFiles, ...billsOfMaterials, ...jars]

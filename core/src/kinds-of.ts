import { type Filters, kindOfGroup, type RecordKind, recordGroups } from '@stella/contracts'

/** The kinds of record that filters take: those of the groups that they include, in that order, or all that are lines or documents of an export. */
export function kindsOf({ include }: Filters): RecordKind[] {
  return (include ?? recordGroups).map((group) => kindOfGroup[group])
}

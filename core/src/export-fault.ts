/** Something that is wrong with an export, and with which of its files. */
export interface ExportFault {
  readonly path: string
  readonly reason: string
}

/** Reason of a fault: the file should be there and is not. */
export const ABSENT = 'it is absent'

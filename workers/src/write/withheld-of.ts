import type { RecordKind, Withheld } from '@stella/contracts'
import type { WithheldCredential } from '@stella/native'

/** Credentials that the native module kept from records of one kind, as manifests name them. */
export function withheldOf(kind: RecordKind, credentials: readonly WithheldCredential[]): Withheld[] {
  return credentials.map(({ recordKey, detector, pointer, action }) => ({
    kind,
    record: recordKey,
    detector,
    pointer,
    action,
  }))
}

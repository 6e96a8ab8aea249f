/** A key of a tenant in a KMS that wraps data keys. */
export interface WrappingKey {
  readonly tenantId: string
  /** As profiles name it. */
  readonly name: string
}

/** Where keys are kept by which mirrors are encrypted. They never leave it: it wraps the data key of a mirror, and whoever may ask it unwraps that. */
export interface WrappingKms {
  /** What hinders a key from wrapping, for people; null where nothing does. @throws `kms/unavailable` */
  fault(key: WrappingKey): Promise<string | null>

  /** A data key, wrapped by the current version of a key. @throws `kms/key-refused` where that cannot wrap · `kms/unavailable` */
  wrap(key: WrappingKey, dataKey: Uint8Array): Promise<Buffer>
}

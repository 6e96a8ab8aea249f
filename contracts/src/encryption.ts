import { z } from 'zod'

import { ageRecipient } from './age-recipient.ts'
import { exportFile } from './export-parts.ts'

/** Most recipients that a mirror is encrypted to: each costs some 150 bytes a file. */
const MAX_RECIPIENTS = 100
/** Largest file of age identities, in bytes. */
export const MAX_IDENTITY_BYTES = 64 * 1024

const NOBODY = `encryption needs recipients, 1 to ${MAX_RECIPIENTS} of the form age1…: without one nobody could read the mirror`

const recipients = z
  .array(ageRecipient, { error: ({ input }) => (input === undefined ? NOBODY : undefined) })
  .min(1, NOBODY)
  .max(MAX_RECIPIENTS)

/** To whom the data files of a mirror are encrypted, each to all of them. Absent: they are not. */
export const encryption = z.strictObject({
  recipients: recipients.refine(
    (all) => new Set(all).size === all.length,
    'a recipient is there twice: name each once',
  ),
})

/** How files are encrypted: an age file each, to X25519 recipients. */
export const ENCRYPTION_SCHEME = 'age-x25519'

/** `signatures/encrypted.json`, version 1, of a mirror whose data files are encrypted: RFC 8785 JSON and one line feed. */
export const encryptedFiles = z.strictObject({
  schema_version: z.literal('1'),
  /** SHA-256 of `export.json`, which names what the files are when they are decrypted. */
  manifest_sha256: z.string().regex(/^[0-9a-f]{64}$/),
  scheme: z.literal(ENCRYPTION_SCHEME),
  /** In byte order. */
  recipients,
  /** The encrypted files as they lie in the bundle, in byte order of their paths. */
  files: z.array(exportFile),
})
/** `signatures/encrypted.json`. */
export type EncryptedFiles = z.infer<typeof encryptedFiles>

/** Paths that an encrypted mirror has besides. */
export const encryptedPaths = { list: 'signatures/encrypted.json', signature: 'signatures/encrypted.sig' } as const

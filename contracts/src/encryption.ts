import { z } from 'zod'

import { ageRecipient } from './age-recipient.ts'
import { exportFile } from './export-parts.ts'

/** Most recipients that a mirror is encrypted to: each costs some 150 bytes a file. */
const MAX_RECIPIENTS = 100
/** Largest file of age identities, in bytes. */
export const MAX_IDENTITY_BYTES = 64 * 1024

/** Longest data key as a KMS has wrapped it, in base64 characters. */
const MAX_WRAPPED_CHARS = 8 * 1024

const NOBODY = `encryption needs recipients, 1 to ${MAX_RECIPIENTS} of the form age1…, or a kms_key: without one nobody could read the mirror`
const BOTH = 'encryption is to recipients or by a kms_key: leave out one of the two'

const recipients = z.array(ageRecipient).min(1, NOBODY).max(MAX_RECIPIENTS)

/** Name of a key of the tenant in the KMS of the installation. */
export const kmsKeyName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'a KMS key is named by 1 to 63 of a-z, 0-9, "-"')

/** Whom the data files of a mirror are encrypted for. Absent: they are not. */
export const encryption = z
  .strictObject({
    /** Each file is encrypted to all of them. */
    recipients: recipients
      .refine((all) => new Set(all).size === all.length, 'a recipient is there twice: name each once')
      .optional(),
    /** Or: by a data key that this key of the KMS wraps. */
    kms_key: kmsKeyName.optional(),
    /** Whether also what describes the mirror is encrypted, so that nothing of it can be read. */
    strict: z.boolean().default(false),
  })
  .superRefine(({ recipients: all, kms_key: key }, context) => {
    if (all === undefined && key === undefined) context.addIssue({ code: 'custom', message: NOBODY })
    if (all !== undefined && key !== undefined) context.addIssue({ code: 'custom', message: BOTH })
  })
/** Whom the data files of a mirror are encrypted for. */
export type Encryption = z.infer<typeof encryption>

const sharedMembers = {
  schema_version: z.literal('1'),
  /** SHA-256 of `export.json`, which names what the files are when they are decrypted. */
  manifest_sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Whether all files but this one and its signature are encrypted. */
  strict: z.boolean(),
  /** The encrypted files as they lie in the bundle, in byte order of their paths. */
  files: z.array(exportFile),
}

/** `signatures/encrypted.json`, version 1, of a mirror whose data files are encrypted: RFC 8785 JSON and one line feed. */
export const encryptedFiles = z.discriminatedUnion('scheme', [
  z.strictObject({
    ...sharedMembers,
    /** An age file each, to X25519 recipients. */
    scheme: z.literal('age-x25519'),
    /** In byte order. */
    recipients,
  }),
  z.strictObject({
    ...sharedMembers,
    /** Segments of AES-256-GCM each, under a key that HKDF derives from the data key, in Tink's form. */
    scheme: z.literal('aes256-gcm-hkdf-1mb'),
    data_key: z.strictObject({
      kms_key: kmsKeyName,
      /** The data key as the KMS has wrapped it, in base64. */
      wrapped: z.base64().min(1).max(MAX_WRAPPED_CHARS),
    }),
  }),
])
/** `signatures/encrypted.json`. */
export type EncryptedFiles = z.infer<typeof encryptedFiles>

/** Paths that an encrypted mirror has besides. */
export const encryptedPaths = { list: 'signatures/encrypted.json', signature: 'signatures/encrypted.sig' } as const

import { createHash } from 'node:crypto'

import { type EncryptedFiles, type ExportManifest, mirrorReadmePath } from '@stella/contracts'

/** How the files of a mirror are encrypted. */
export type EncryptionScheme = EncryptedFiles['scheme']

/** What a mirror or a delta says of itself to the person who is handed it. */
export interface MirrorReadme {
  readonly profile: string
  readonly tenant: string
  readonly ledgerRevision: number
  readonly ledgerTime: string
  /** Of a delta: the export that it is for. */
  readonly base: string | null
  /** How its profile encrypts; null where it doesn't. */
  readonly encryption: EncryptionScheme | null
}

const CHECK_ENCRYPTED = `Without a key they can be checked as they are:

    base64 --decode signatures/encrypted.sig > encrypted.sig.bin
    openssl dgst -sha256 -verify key.pem -signature encrypted.sig.bin signatures/encrypted.json
    jq -r '"\\(.manifest_sha256)  export.json", (.files[] | "\\(.sha256)  \\(.path)")' signatures/encrypted.json | sha256sum --check --quiet
`

const DECOMPRESS =
  'What comes out is zstd; where `export.json` names a file without `.zst`, it is decompressed after that.'

const decryptions: Readonly<Record<EncryptionScheme, string>> = {
  'age-x25519': `
## Decrypt it

Where there is \`signatures/encrypted.json\`, the files with \`.age\` at the end of their names are encrypted to the keys that it names: age files
(https://age-encryption.org/v1). ${DECOMPRESS}
${CHECK_ENCRYPTED}
With the identity of one of these keys, \`key.txt\`, one file is decrypted by

    age --decrypt --identity key.txt indexes/advisories.index.json.zst.age | zstd --decompress > advisories.index.json

and all of them by \`stella mirror decrypt <this> --identity key.txt --out <mirror>\`. What follows is about the decrypted files.
`,
  'aes256-gcm-hkdf-1mb': `
## Decrypt it

Where there is \`signatures/encrypted.json\`, the files with \`.enc\` at the end of their names are encrypted by a data key, with AES-256-GCM in the form of Tink's
streaming AEAD (AES256_GCM_HKDF_1MB; the associated data is the path as \`export.json\` names it). ${DECOMPRESS}
A key of a KMS has wrapped the data key. ${CHECK_ENCRYPTED}
Let the KMS unwrap it, for instance

    jq -r .data_key.wrapped signatures/encrypted.json | base64 --decode > wrapped.bin
    aws kms decrypt --ciphertext-blob fileb://wrapped.bin --query Plaintext --output text | base64 --decode > data.key

Then \`stella mirror decrypt <this> --data-key data.key --out <mirror>\` decrypts all files. What follows is about the decrypted files.
`,
}

/** The text of `README.md` in a mirror or a delta: how to check and read it with standard tools alone. */
export function mirrorReadme({ encryption, ...readme }: MirrorReadme): string {
  const { profile, tenant, ledgerRevision, ledgerTime, base } = readme
  const what = base ? 'What has changed in a mirror of vulnerability evidence' : 'A mirror of vulnerability evidence'
  const made = `Made after the profile ${profile}, of revision ${ledgerRevision} of the ledger of ${tenant}, which is of ${ledgerTime}.`
  const use = base
    ? `It is for the export ${base}: \`stella mirror apply <base> <this> --out <mirror>\` makes the mirror of this revision of it.`
    : 'It is complete: nothing else is needed to read it.'
  return `# ${what}

${made}
${use}

## What is in it

    manifest.yaml          what this is, in short
    export.json            the same, with the digest of every file
    provenance.json        which batches of evidence it was made of (in-toto, SLSA)
    signatures/            detached signatures of these
    indexes/               which record lies where: JSON, a line an entry
    advisories/normalized/ vex/normalized/   records, a line of JSON each
    sboms/graph/           bills of materials, normalized, a line of JSON each
    advisories/raw/ vex/raw/ sboms/raw/      documents as they were received, each named by its SHA-256
${base ? '    */added.jsonl */removed.jsonl            keys of the records that are new, and of those that are gone\n' : ''}${encryption ? decryptions[encryption] : ''}
## Check it

With the public key of whoever made it, \`key.pem\`, and the tools of any system, in the folder that this lies in:

    base64 --decode signatures/export.sig > export.sig.bin
    openssl dgst -sha256 -verify key.pem -signature export.sig.bin export.json
    jq -r '.content.files[] | "\\(.sha256)  \\(.path)"' export.json | sha256sum --check --quiet

## Read it

    zstd --decompress --stdout advisories/normalized/*.zst | jq .id
    zstd --decompress --stdout advisories/raw/000000.tar.zst | tar --list
    jq '.aliases[] | select(.[0] == "CVE-2021-44228")' indexes/advisories.index.json

An entry of an index names records by key, group, frame, offset and length: group 3 of advisories is \`advisories/normalized/000003.jsonl.zst\`.
`
}

/** How the README of an exported mirror or delta says that it is decrypted; null where it doesn't, since its profile does not encrypt. */
export function toldEncryption({ content, run }: ExportManifest): EncryptionScheme | null {
  const file = content.files.find(({ path }) => path === mirrorReadmePath)
  const isTold = (encryption: EncryptionScheme) => {
    const readme = mirrorReadme({
      profile: content.profile.id,
      tenant: run.tenant,
      ledgerRevision: content.ledger_revision,
      ledgerTime: content.ledger_time,
      base: content.delta?.base.export_id ?? null,
      encryption,
    })
    return file?.sha256 === createHash('sha256').update(readme).digest('hex')
  }
  const schemes = Object.keys(decryptions) as EncryptionScheme[]
  return schemes.find(isTold) ?? null
}

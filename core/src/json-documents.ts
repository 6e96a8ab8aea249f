import { canonicalJson, type Json } from './canonical-json.ts'
import { ABSENT, type ExportFault } from './export-fault.ts'

/** The bytes of a document of JSON: canonical (RFC 8785), and one line feed. */
export function encodeJson(document: object): Buffer {
  return Buffer.from(`${canonicalJson(document as Json)}\n`)
}

/** Whether two values are the same JSON. */
export function isSameJson(a: object, b: object): boolean {
  return canonicalJson(a as Json) === canonicalJson(b as Json)
}

/** What some bytes say as JSON; null where they are none. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString())
  } catch {
    return null
  }
}

/** A schema of the contracts. */
interface Schema<T> {
  safeParse(
    value: unknown,
  ):
    | { readonly success: true; readonly data: T }
    | { readonly success: false; readonly error: { readonly issues: readonly Issue[] } }
}

interface Issue {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/** A document to read: what it is called, where faults say that it lies, and its bytes, null where it is absent. */
export interface JsonDocument {
  readonly path: string
  readonly name: string
  readonly bytes: Uint8Array | null
}

/** A document of a schema out of bytes as `encodeJson` writes them: null where it cannot be read; and what is wrong with it. */
export function readJson<T extends object>(
  schema: Schema<T>,
  { path, name, bytes }: JsonDocument,
): { document: T | null; faults: ExportFault[] } {
  if (!bytes) return { document: null, faults: [{ path, reason: ABSENT }] }
  const parsed = schema.safeParse(parseJson(bytes))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const reason = `it is no ${name} of version 1: ${issue?.path.join('.') || 'the document'}: ${issue?.message}`
    return { document: null, faults: [{ path, reason }] }
  }
  const isCanonical = encodeJson(parsed.data).equals(bytes)
  const reason = 'it is not canonical JSON (RFC 8785) and one line feed'
  return { document: parsed.data, faults: isCanonical ? [] : [{ path, reason }] }
}

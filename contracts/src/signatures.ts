import { z } from 'zod'

/** Answer of `GET /export/runs/{id}/signatures`: the files under `signatures/`, whole. */
export const signatureFiles = z.strictObject({
  files: z.array(z.strictObject({ path: z.string(), size: z.int(), sha256: z.string(), content_base64: z.string() })),
})
/** The signature files of a run. */
export type SignatureFiles = z.infer<typeof signatureFiles>

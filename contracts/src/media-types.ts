/** Media types that the API speaks. */
export const mediaTypes = {
  problem: 'application/problem+json',
  bundle: 'application/zstd',
  json: 'application/json',
  mergePatch: 'application/merge-patch+json',
  bytes: 'application/octet-stream',
  jsonLines: 'application/x-ndjson',
  tar: 'application/x-tar',
  inToto: 'application/vnd.in-toto+json',
  sigstoreBundle: 'application/vnd.dev.sigstore.bundle.v0.3+json',
} as const

const DAY_MS = 86_400_000

/**
 * The bytes of `metadata.json` beside a Trivy database: a line of JSON as Trivy's own builder writes it (trivy-db `pkg/metadata`). Trivy
 * takes the database for new until `NextUpdate`; `DownloadedAt` must not be zero, or it is fetched again.
 * @param updatedAt - time of the ledger revision, RFC 3339 in UTC
 */
export function trivyMetadata({ updatedAt, validityDays }: { updatedAt: string; validityDays: number }): string {
  const time = (atMs: number) => new Date(atMs).toISOString().replace('.000Z', 'Z')
  const at = Date.parse(updatedAt)
  const metadata = {
    Version: 2,
    NextUpdate: time(at + validityDays * DAY_MS),
    UpdatedAt: time(at),
    DownloadedAt: time(at),
  }
  return `${JSON.stringify(metadata)}\n`
}

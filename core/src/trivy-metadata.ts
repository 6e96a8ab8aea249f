const DAY_MS = 86_400_000

/** `DownloadedAt` of a database that Trivy itself is to fetch: it puts its own time there. */
export const NOT_DOWNLOADED = '0001-01-01T00:00:00Z'

/** Times of a database, RFC 3339 in UTC. */
export interface TrivyTimes {
  /** Trivy's schema of the database. */
  readonly schema: number
  /** Time of the ledger revision. */
  readonly updatedAt: string
  readonly validityDays: number
  /** `updatedAt` unless given. */
  readonly downloadedAt?: string
}

/**
 * The bytes of `metadata.json` beside a Trivy database: a line of JSON as Trivy's own builder writes it (trivy-db `pkg/metadata`, trivy-java-db `pkg/db`). Trivy
 * takes the database for new until `NextUpdate`; `DownloadedAt` must not be zero, or it is fetched again.
 */
export function trivyMetadata({ schema, updatedAt, validityDays, downloadedAt = updatedAt }: TrivyTimes): string {
  const time = (atMs: number) => new Date(atMs).toISOString().replace('.000Z', 'Z')
  const at = Date.parse(updatedAt)
  const metadata = {
    Version: schema,
    NextUpdate: time(at + validityDays * DAY_MS),
    UpdatedAt: time(at),
    DownloadedAt: downloadedAt,
  }
  return `${JSON.stringify(metadata)}\n`
}

/**
 * A moment as Postgres prints it in UTC and ISO style (`2025-01-31 09:30:00.5+00`), as RFC 3339 with milliseconds
 * (`2025-01-31T09:30:00.500Z`).
 * @throws RangeError for any other text
 */
export function instantOf(text: string): string {
  return new Date(text.replace(' ', 'T').replace(/\+00$/, 'Z')).toISOString()
}

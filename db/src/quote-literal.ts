/**
 * A string as an SQL literal, for statements that take no parameters (COPY). Read alike whatever
 * `standard_conforming_strings` says. Source: PostgreSQL documentation, 4.1.2.1 and 4.1.2.2.
 * @throws TypeError for NUL, which no text in Postgres can hold
 */
export function quoteLiteral(text: string): string {
  if (text.includes('\0')) throw new TypeError('text for Postgres cannot hold NUL')
  const quoted = `'${text.replaceAll("'", "''")}'`
  return quoted.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted
}

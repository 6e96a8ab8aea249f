/**
 * True where a list of entity tags, as `If-None-Match` and `If-Match` hold it, names `etag` or all (RFC 9110, section 13.1).
 * `weak`: tags are compared without their `W/`, as `If-None-Match` wants; else a weak tag matches nothing.
 */
export function namesEtag(header: string, etag: string, { weak }: { weak: boolean }): boolean {
  const tags = header.split(',').map((tag) => tag.trim())
  return tags.some((tag) => tag === '*' || (weak ? tag.replace(/^W\//, '') : tag) === etag)
}

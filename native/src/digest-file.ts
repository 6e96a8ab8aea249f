import { digestFile as digestFileNatively, type FileDigest } from '#binding'

export type { FileDigest } from '#binding'

/**
 * SHA-256 and exact size of one file, read off the JavaScript thread. Source: FIPS 180-4.
 *
 * @param path - absolute path of a regular file
 * @throws `native/io` when the file cannot be opened or read
 */
export function digestFile(path: string): Promise<FileDigest> {
  return digestFileNatively(path)
}

import { AdvisorySearch, buildSearch as buildNatively } from '#binding'

import { withCancelFlag } from './cancellation.ts'

/** What finds advisories by words: each call answers at once. */
export type WordSearch = Pick<AdvisorySearch, 'find'>

/** Opens the file that `buildSearch` made; the path is absolute. @throws `native/io` */
export function openSearch(file: string): WordSearch {
  return AdvisorySearch.open(file)
}

/**
 * Gathers the words of all advisories of the folder that a mirror was unpacked into, off the JavaScript thread, into a SQLite file that is not there yet.
 *
 * @param folder - absolute path of the folder
 * @param file - absolute path of the file
 * @returns how many advisories there are
 * @throws `bundle/invalid` · `native/io` · `native/cancelled`
 */
export function buildSearch(folder: string, file: string, signal?: AbortSignal): Promise<number> {
  return withCancelFlag(signal, (flag) => buildNatively(folder, file, flag))
}

import { FileLock } from '#binding'

/**
 * Does work while this process holds the lock on a file, which is made where it is absent, and stays. The system ends the lock with the process,
 * however that ends.
 *
 * @param path - absolute path of the file
 * @returns null where another process holds the lock: no work was done
 * @throws `native/io` · what the work throws
 */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<{ readonly result: T } | null> {
  const lock = FileLock.take(path)
  if (!lock) return null
  try {
    return { result: await work() }
  } finally {
    lock.release()
  }
}

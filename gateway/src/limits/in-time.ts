import { Problem } from '@stella/contracts'

/**
 * What the database answers, where it does so in time. The work goes on: its deadlines are the database's own.
 * @throws `db/unavailable` after `waitMs`; what the work throws
 */
export async function inTime<T>(work: Promise<T>, waitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Problem('db/unavailable', 'the database does not answer: try again later')),
      waitMs,
    )
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

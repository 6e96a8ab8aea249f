import type { Log } from './deps.ts'

/** What is to be done for each of several items, and what the log says of one for which it failed. */
export interface EachApart<T> {
  readonly items: readonly T[]
  readonly work: (item: T) => Promise<void>
  readonly failed: (item: T) => Parameters<Log>[0]
}

/** Works for one item after the other. One for which that fails is logged, and keeps none of the others waiting. */
export async function eachApart<T>(log: Log, { items, work, failed }: EachApart<T>): Promise<void> {
  for (const item of items) {
    await work(item).catch((error: unknown) => log({ ...failed(item), cause: String(error) }))
  }
}

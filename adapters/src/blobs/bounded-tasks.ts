/** Runs tasks side by side, at most `limit` at once. The first failure is told to whoever starts the next, or waits for all. */
export class BoundedTasks {
  readonly #limit: number
  readonly #running = new Set<Promise<void>>()
  #failed: { readonly error: unknown } | null = null

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Starts a task once there is room. @throws the first failure of those before */
  async start(task: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#limit) await Promise.race(this.#running)
    this.#throwFailure()
    const running = task()
      .catch((error: unknown) => {
        this.#failed ??= { error }
      })
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  /** Resolves when all have ended. @throws their first failure */
  async done(): Promise<void> {
    await this.settled()
    this.#throwFailure()
  }

  /** Resolves when all have ended, however they did. */
  async settled(): Promise<void> {
    await Promise.all(this.#running)
  }

  #throwFailure(): void {
    if (this.#failed) throw this.#failed.error
  }
}

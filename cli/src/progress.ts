import { Presets, SingleBar } from 'cli-progress'

import { say } from './output.ts'
import type { Shell } from './shell.ts'

/** Shows how far something is. `end` must be called, whatever happens. */
export interface Progress {
  /** @param done - of `total`, in the unit that `startProgress` was given */
  update(done: number, total: number): void
  end(): void
}

const PLAIN_STEPS = 4

/** A bar on a terminal; elsewhere a plain line on standard error at every quarter. */
export function startProgress(shell: Shell, what: string, format: (amount: number) => string = String): Progress {
  return shell.stderr.isTTY ? progressBar(shell, what, format) : plainLines(shell, what, format)
}

function progressBar(shell: Shell, what: string, format: (amount: number) => string): Progress {
  const bar = new SingleBar(
    {
      stream: shell.stderr,
      format: `${what} {bar} {percentage} % {amount}`,
      hideCursor: true,
      clearOnComplete: true,
    },
    Presets.shades_classic,
  )
  bar.start(1, 0, { amount: '' })
  return {
    update(done, total) {
      bar.setTotal(Math.max(total, 1))
      bar.update(done, { amount: `${format(done)} of ${format(total)}` })
    },
    end: () => bar.stop(),
  }
}

function plainLines(shell: Shell, what: string, format: (amount: number) => string): Progress {
  let shown = -1
  return {
    update(done, total) {
      const step = total > 0 ? Math.floor((done / total) * PLAIN_STEPS) : 0
      if (step <= shown) return
      shown = step
      say(shell, `${what}: ${format(done)} of ${format(total)}`)
    },
    end: () => undefined,
  }
}

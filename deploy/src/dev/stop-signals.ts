/** Calls `stop` once, at the first request to end: Ctrl-C, `kill`, or the terminal closing. A second Ctrl-C ends at once. */
export function onStopSignal(stop: (why: string) => void): void {
  let asked = false
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (asked && signal === 'SIGINT') process.exit(130)
      if (asked) return
      asked = true
      stop(signal)
    })
  }
}

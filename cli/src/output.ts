import { printable } from '@stella/core'
import type { Command } from 'commander'

import type { Shell } from './shell.ts'

/** What a command answers: the document for programs, the lines for people. */
export interface Answer {
  readonly json: unknown
  readonly lines: readonly string[]
}

/** Prints an answer on standard output: with `--json` its document alone, else its lines. */
export function print(shell: Shell, command: Command, { json, lines }: Answer): void {
  const texts = wantsJson(command) ? [JSON.stringify(json, null, 2)] : lines.map(printable)
  for (const text of texts) shell.stdout.write(`${text}\n`)
}

/** Tells people what goes on, on standard error, a line each. */
export function say({ stderr }: Pick<Shell, 'stderr'>, ...lines: readonly string[]): void {
  for (const line of lines) stderr.write(`${printable(line)}\n`)
}

/** True where `--json` was given, anywhere on the command line. */
export function wantsJson(command: Command): boolean {
  return command.optsWithGlobals().json === true
}

/** Rows as columns of equal width, two spaces apart, under their heading. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [heading, ...rows]
  const widths = heading.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

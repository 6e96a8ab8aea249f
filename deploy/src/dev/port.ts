import { Problem } from '@stella/contracts'

/** The port that `STELLA_PORT` names, 8080 when it is unset. @throws `config/invalid` */
export function portFrom(value: string | undefined): number {
  if (value === undefined || value === '') return 8080
  const port = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN
  if (port <= 65_535) return port
  throw new Problem(
    'config/invalid',
    `Could not start: STELLA_PORT is "${value}".\nSet it to a number from 0 (any free port) to 65535.`,
  )
}

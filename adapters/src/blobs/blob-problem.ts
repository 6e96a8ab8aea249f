import { Problem, type ProblemCode } from '@stella/contracts'

const codes: Readonly<Record<string, ProblemCode>> = {
  ENOENT: 'blob/absent',
  ENOSPC: 'blob/full',
  EDQUOT: 'blob/full',
}

/** A failure of the file system as a Problem, with the failure as its cause; a Problem stays what it is. */
export function blobProblem(error: unknown, action: string): Problem {
  if (error instanceof Problem) return error
  const errno = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
  return new Problem(codes[errno] ?? 'blob/unavailable', `${action}: ${errno}`, { cause: error })
}

/** Runs a call to the file system; its failures become Problems. */
export async function asBlobProblem<T>(action: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw blobProblem(error, action)
  }
}

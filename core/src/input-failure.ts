import { CommandFailure } from './command-failure.ts'

/** Why a file or folder that a command line names cannot be read. */
export function inputFailure(path: string, cause: unknown): CommandFailure {
  if (cause instanceof CommandFailure) return cause
  const code = cause instanceof Error && 'code' in cause ? cause.code : null
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new CommandFailure('notFound', `${path} cannot be read: there is no such file`, 'check the path', { cause })
  }
  const reason = reasons[String(code)] ?? (cause instanceof Error ? cause.message : String(cause))
  return new CommandFailure(code === 'EISDIR' ? 'usage' : 'failed', `${path} cannot be read: ${reason}`, null, {
    cause,
  })
}

/** What the system's codes mean. */
const reasons: Readonly<Record<string, string>> = {
  EACCES: 'you may not read it',
  EISDIR: 'it is a folder',
  ENAMETOOLONG: 'its path is too long',
}

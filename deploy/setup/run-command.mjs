import { spawn } from 'node:child_process'

/** A failure that the reader can mend: what could not be done, why, and what to do. Printed without a stack. */
export class SetupError extends Error {
  name = 'SetupError'
}

/** One progress line, on standard error: standard output belongs to the program that follows. */
export function say(text) {
  process.stderr.write(`stella: ${text}\n`)
}

/**
 * Runs a program and waits for it. Its output is held back and shown only when it fails.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, live?: boolean }} [options] `live`: pass output on as it comes, to standard error
 * @returns {Promise<{ code: number | null, output: string, absent: boolean }>} `absent`: no such program
 */
export function runCommand(program, args, { cwd, env = process.env, live = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const chunks = []
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        chunks.push(chunk)
        if (live) process.stderr.write(chunk)
      })
    }
    child.on('error', (error) => {
      if (error.code === 'ENOENT') resolve({ code: null, output: '', absent: true })
      else reject(error)
    })
    child.on('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString('utf8'), absent: false }))
  })
}

/** Like `runCommand`, for a program that has to succeed; `failure` says what could not be done and what to do. */
export async function mustRun(program, args, { failure, ...options }) {
  const { code, output, absent } = await runCommand(program, args, options)
  if (absent) throw new SetupError(`${failure.what}: ${program} is not on this machine.\n${failure.todo}`)
  if (code !== 0) {
    const said = options.live ? '' : `\n${lastLines(output)}`
    throw new SetupError(`${failure.what}: ${program} ended with ${code ?? 'a signal'}.${said}\n${failure.todo}`)
  }
  return output
}

/** The end of a long output: what went wrong stands there, or just above it. */
function lastLines(output) {
  return output.trimEnd().split('\n').slice(-60).join('\n')
}

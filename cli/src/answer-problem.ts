import { isProblemCode, Problem, type ProblemCode } from '@stella/contracts'

const MAX_PROBLEM_BYTES = 64 * 1024

/**
 * The failure that an answer of the API states (RFC 9457); where it states none, one made of its status.
 * @param what - what could not be done, as the beginning of the message
 */
export async function answerProblem(response: Response, what: string): Promise<Problem> {
  const body = parseObject(await limitedText(response))
  const code = isProblemCode(body.code) ? body.code : codeOfStatus(response.status)
  const detail =
    typeof body.detail === 'string' ? body.detail : `the server answered ${response.status} ${response.statusText}`
  return new Problem(code, `${what}: ${detail}`)
}

function codeOfStatus(status: number): ProblemCode {
  if (status === 400) return 'request/invalid'
  if (status === 401) return 'auth/unauthenticated'
  if (status === 403) return 'auth/denied'
  if (status === 404) return 'resource/not-found'
  if (status === 409) return 'resource/conflict'
  if (status === 410) return 'run/pruned'
  if (status === 413) return 'request/too-large'
  if (status === 416) return 'range/unsatisfiable'
  return 'internal'
}

async function limitedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > MAX_PROBLEM_BYTES) break
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function parseObject(text: string): { readonly code?: unknown; readonly detail?: unknown } {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}

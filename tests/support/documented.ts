import {
  type Answer,
  type Endpoint,
  endpoints,
  mediaTypes,
  type ProblemCode,
  problemBody,
  problemsOf,
} from '@stella/contracts'

/** Problems that a request may meet before any endpoint has it. */
const beforeEndpoints: readonly ProblemCode[] = ['request/method-not-allowed', 'resource/not-found']

/**
 * Holds an answer of the service to the table of endpoints: its status and media type are among those that the endpoint may answer, its
 * body is what the table says, and a problem's code is among the endpoint's.
 * @throws Error naming what is not documented
 */
export async function requireDocumented(method: string, path: string, response: Response): Promise<void> {
  const [pathname = ''] = path.split(/[?#]/)
  const endpoint = Object.values<Endpoint>(endpoints).find((candidate) => serves(candidate, method, pathname))
  const mediaType = response.headers.get('content-type')?.split(';')[0] ?? null
  const complaint = `${method} ${path} answered ${response.status} ${mediaType}, which is not documented`
  if (mediaType === mediaTypes.problem) return requireKnownProblem(endpoint, response, method, complaint)

  const answer: Answer | undefined = endpoint?.answers[response.status]
  if (!answer || (answer.content?.mediaType ?? null) !== mediaType) throw new Error(complaint)
  const missing = Object.entries(answer.headers ?? {}).filter(
    ([name, contract]) => !contract.safeParse(response.headers.get(name) ?? undefined).success,
  )
  if (missing.length > 0) throw new Error(`${complaint}: its headers lack ${missing.map(([name]) => name).join(', ')}`)
  const { schema } = answer.content ?? {}
  if (schema && method !== 'HEAD') schema.parse(await response.clone().json())
}

async function requireKnownProblem(
  endpoint: Endpoint | undefined,
  response: Response,
  method: string,
  complaint: string,
): Promise<void> {
  if (method === 'HEAD') return
  const { code, status } = problemBody.parse(await response.clone().json())
  const known = endpoint ? problemsOf(endpoint) : beforeEndpoints
  if (status !== response.status || !known.includes(code)) throw new Error(`${complaint}: ${code}`)
}

function serves({ method, path }: Endpoint, asked: string, pathname: string): boolean {
  const isMethod = method === asked || (method === 'GET' && asked === 'HEAD')
  return isMethod && new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}$`).test(pathname)
}

import { type Endpoint, isJsonBody, needsIfMatch } from '@stella/contracts'

/** A request to an endpoint that is refused for nothing but what it names, or for who sends it. */
export function wellFormed({ method, headers, body }: Endpoint): RequestInit {
  const example = isJsonBody(body) ? Object.values(body.examples)[0] : undefined
  return {
    method,
    headers: headers && needsIfMatch(headers) ? { 'if-match': '*' } : {},
    ...(example === undefined ? {} : { body: JSON.stringify(example) }),
  }
}

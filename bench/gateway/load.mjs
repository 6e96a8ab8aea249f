import autocannon from 'autocannon'

/**
 * Sends one request again and again over `connections` kept connections; with `rate`, that many a second and no more.
 * @throws Error where any answer has another status than the request expects
 */
export async function load({ url, request, seconds, connections, rate }) {
  const { path, method, headers, body, status } = request
  const result = await autocannon({
    url: `${url}${path}`,
    method,
    headers,
    body,
    connections,
    duration: seconds,
    ...(rate === undefined ? {} : { overallRate: rate }),
  })
  const others = Object.entries(result.statusCodeStats ?? {}).filter(([code]) => code !== String(status))
  if (others.length > 0 || result.errors > 0) {
    throw new Error(
      `${request.name} at ${url}: ${result.errors} errors, answers ${JSON.stringify(result.statusCodeStats)}`,
    )
  }
  const answered = result.requests.total
  return { perSecond: answered / result.duration, answered, p50Ms: result.latency.p50, p99Ms: result.latency.p99 }
}

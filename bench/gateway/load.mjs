import autocannon from 'autocannon'

/**
 * Sends a request again and again over `connections` kept connections, which share its paths; with `rate`, that many a second and
 * no more.
 * @throws Error where any answer has another status than the request expects
 */
export async function load({ url, request, seconds, connections, rate }) {
  const { paths, method, headers, body, status } = request
  let clients = 0
  const pathsOf = (client) => {
    const own = paths.filter((_, at) => at % connections === client)
    return own.length > 0 ? own : [paths[client % paths.length]]
  }
  const result = await autocannon({
    url,
    setupClient: (client) => client.setRequests(pathsOf(clients++).map((path) => ({ path, method, headers, body }))),
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

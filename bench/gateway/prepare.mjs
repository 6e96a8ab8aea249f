/** Runs of one tenant, more than the load has connections. */
const RUNS = 100

/** A profile and runs of one tenant; the two requests that are measured, each with the bytes that the gateway answers. */
export async function prepare(stack) {
  const token = await stack.token({ tenant: 'bench', roles: ['Export.Admin'] })
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const profile = await send('POST', '/export/profiles', { name: 'bench', kind: 'json', variant: 'raw' })
  const body = JSON.stringify({ profile_id: JSON.parse(profile).id, filters: { ecosystems: ['npm'] } })
  const paths = []
  let accepted = ''
  while (paths.length < RUNS) {
    accepted = await send('POST', '/export/runs', JSON.parse(body))
    paths.push(`/export/runs/${JSON.parse(accepted).id}`)
  }
  const answer = await send('GET', paths[0])
  return [
    { name: 'GET /export/runs/{id}', method: 'GET', paths, headers, status: 200, answer },
    {
      name: 'POST /export/runs',
      method: 'POST',
      paths: ['/export/runs'],
      headers,
      body,
      status: 202,
      answer: accepted,
    },
  ]

  async function send(method, path, value) {
    const sent = value === undefined ? {} : { body: JSON.stringify(value) }
    const response = await fetch(`${stack.url}${path}`, { method, headers, ...sent })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text
  }
}

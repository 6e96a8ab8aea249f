import { type Endpoint, endpoints, type Role, roles } from '@stella/contracts'

import { markdownTable } from './markdown-table.ts'

const short = (role: Role) => role.replace('Export.', '')

/** Roles × endpoints as a table of Markdown: `x` where a role may, in the order of the table in `contracts`. */
export function endpointTable(): string {
  const rows = Object.values<Endpoint>(endpoints).map(({ method, path, summary, role }) => [
    `\`${method} ${path.replace(/:(\w+)/g, '{$1}')}\``,
    summary,
    role === null ? 'x' : '',
    ...roles.map((held) => (role === null || roles.indexOf(held) >= roles.indexOf(role) ? 'x' : '')),
  ])
  return markdownTable([['endpoint', 'what', 'no token', ...roles.map(short)], ...rows])
}

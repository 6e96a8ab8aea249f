import { type Endpoint, endpoints, type Role, roles } from '@stella/contracts'

const short = (role: Role) => role.replace('Export.', '')

/** Roles × endpoints as a table of Markdown: `x` where a role may, in the order of the table in `contracts`. */
export function endpointTable(): string {
  const rows = Object.values<Endpoint>(endpoints).map(({ method, path, summary, role }) => [
    `\`${method} ${path.replace(/:(\w+)/g, '{$1}')}\``,
    summary,
    role === null ? 'x' : '',
    ...roles.map((held) => (role === null || roles.indexOf(held) >= roles.indexOf(role) ? 'x' : '')),
  ])
  return aligned([['endpoint', 'what', 'no token', ...roles.map(short)], ...rows])
}

function aligned([head = [], ...rows]: readonly string[][]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |\n`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('')
}

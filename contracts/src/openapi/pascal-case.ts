/** The name of an endpoint as names of schemas begin: `createRun` becomes `CreateRun`. */
export function pascalCase(name: string): string {
  return name.replace(/^./, (first) => first.toUpperCase())
}

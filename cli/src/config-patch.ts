/** A value of JSON, as a profile's config holds it. */
type Value = unknown

/**
 * The merge patch (RFC 7396) that makes `wanted` of `current`: what `wanted` lacks is removed, so that a file says all that a profile holds.
 */
export function configPatch(current: object, wanted: object): Record<string, Value> {
  const patch: Record<string, Value> = {}
  for (const name of Object.keys(current)) if (!(name in wanted)) patch[name] = null
  const before = new Map<string, Value>(Object.entries(current))
  for (const [name, value] of Object.entries(wanted)) {
    const old = before.get(name)
    patch[name] = isObject(value) && isObject(old) ? configPatch(old, value) : value
  }
  return patch
}

function isObject(value: Value): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

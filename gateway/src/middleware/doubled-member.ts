interface Level {
  /** Names that the object has so far; null in an array. */
  readonly names: Set<string> | null
  /** The member or the element at hand. */
  at: string | number
  /** True where a name comes next. */
  isName: boolean
}

/**
 * The path of a member that an object of a JSON text has twice, or null: `JSON.parse` keeps the last one in silence, and another reader of
 * the same text may keep the first (RFC 8259, section 4). The text must have been parsed before.
 */
export function doubledMember(json: string): string | null {
  const levels: Level[] = []
  for (let at = 0; at < json.length; at += 1) {
    const level = levels.at(-1)
    const character = json[at]
    if (character === '"') {
      const end = stringEnd(json, at)
      if (level?.names && level.isName) {
        level.at = JSON.parse(json.slice(at, end)) as string
        if (level.names.has(level.at)) return levels.map((one) => one.at).join('.')
        level.names.add(level.at)
        level.isName = false
      }
      at = end - 1
    } else if (character === '{') levels.push({ names: new Set(), at: '', isName: true })
    else if (character === '[') levels.push({ names: null, at: 0, isName: false })
    else if (character === '}' || character === ']') levels.pop()
    else if (character === ',' && level) goOn(level)
  }
  return null
}

function goOn(level: Level): void {
  if (level.names === null) level.at = Number(level.at) + 1
  else level.isName = true
}

/** The index after the quote that closes a string. */
function stringEnd(json: string, start: number): number {
  for (let at = start + 1; ; at += 1) {
    if (json[at] === '\\') at += 1
    else if (json[at] === '"') return at + 1
  }
}

const WORDS = 120

/** As many advisories as told, one a line, always the same; they compress little, so that a bundle of them has some size. */
export function manyAdvisories(count: number): string {
  const random = numbers()
  return Array.from({ length: count }, (_, index) => {
    const details = Array.from({ length: WORDS }, () => random.next().value % 99_991).join(' ')
    return JSON.stringify({
      id: `MANY-${index}`,
      modified: '2024-01-01T00:00:00Z',
      summary: `Number ${index}`,
      details,
    })
  }).join('\n')
}

/** Numbers without a pattern that a compressor finds, always the same (xorshift32; Marsaglia, 2003). */
function* numbers(): Generator<number, never> {
  for (let state = 2_463_534_242; ; ) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    yield state >>> 0
  }
}

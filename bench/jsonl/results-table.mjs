/** The middle one of some numbers. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

/** A Markdown table in the repository's format: cells padded to the width of their column. The first line is the head. */
export function resultsTable(lines) {
  const cells = lines.map((line) => line.map(String))
  const widths = cells[0].map((_, column) => Math.max(...cells.map((line) => line[column].length)))
  const rule = widths.map((width) => '-'.repeat(width))
  const [head, ...body] = cells.map((line) => line.map((cell, column) => cell.padEnd(widths[column])))
  return [head, rule, ...body].map((line) => `| ${line.join(' | ')} |`).join('\n')
}

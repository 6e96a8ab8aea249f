/**
 * Records made from `bases`: the same texts in turn, each under an id of its own, ids ascending. A base comes back after all others, far
 * beyond what a compressor remembers.
 *
 * @returns {{ idAt: (index: number) => string, textAt: (index: number) => string }} the id and the canonical text of a record
 */
export function numberedRecords(bases) {
  const parts = bases.map(splitAtId)
  const partsAt = (index) => parts[index % parts.length]
  const idAt = (index) => `BENCH-${String(index).padStart(7, '0')}-${partsAt(index).id}`
  const textAt = (index) => {
    const { before, after } = partsAt(index)
    return `${before}${JSON.stringify(idAt(index))}${after}`
  }
  return { idAt, textAt }
}

/** The text around the value of the outermost `id`. */
function splitAtId(base) {
  const { id } = JSON.parse(base)
  const member = `"id":${JSON.stringify(id)}`
  const at = base.lastIndexOf(`,${member},`)
  const start = at < 0 ? 1 : at + 1
  const whole = { before: base.slice(0, start + 5), id, after: base.slice(start + member.length) }
  if (JSON.parse(`${whole.before}"x"${whole.after}`).id !== 'x') throw new Error(`no outer id found in ${id}`)
  return whole
}

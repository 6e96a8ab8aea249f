import type { ExportManifest } from '@stella/contracts'
import { CommandFailure } from '@stella/core'

/** What is allowed that is refused otherwise, as of now. */
export interface Wishes {
  readonly now: Date
  readonly allowRollback: boolean
  readonly allowExpired: boolean
  /** A mirror of another tenant, ledger, profile or set of filters than that which serves. */
  readonly allowOther: boolean
}

/** A later export of the same ledger has a higher one. */
export function generationOf({ mirror, ledger_revision }: ExportManifest['content']): number {
  return mirror?.generation ?? ledger_revision
}

/** @throws CommandFailure `integrity` for what is expired, or would replace what serves by something older, or something else */
export function requireWanted(
  { now, allowExpired, allowRollback, allowOther }: Wishes,
  bundle: string,
  { content, run }: ExportManifest,
  before: ExportManifest | null,
): void {
  // Trivy itself looks at the age of its databases.
  const validUntil = content.mirror?.valid_until
  if (validUntil !== undefined && Date.parse(validUntil) <= now.getTime() && !allowExpired) {
    throw refused(bundle, `it was valid until ${validUntil}`, 'get a newer mirror, or give --allow-expired')
  }
  if (!before) return
  const was = before.content
  // An empty ledger is the beginning of any.
  const ledgerOf = ({ mirror }: ExportManifest['content']) => (was.ledger_revision === 0 ? null : mirror?.ledger)
  const is = [run.tenant, content.profile.id, ledgerOf(content), JSON.stringify(content.filters)]
  const served = [before.run.tenant, was.profile.id, ledgerOf(was), JSON.stringify(was.filters)]
  const isOther = is.some((value, index) => value !== served[index])
  if (isOther && !allowOther) {
    const what = 'it is of another tenant, profile, ledger or set of filters than the mirror that serves'
    throw refused(bundle, what, 'import it into a folder of its own, or give --allow-other')
  }
  const [newer, older] = [generationOf(content), generationOf(was)]
  if (!isOther && newer < older && !allowRollback) {
    const what = `its generation is ${newer}, and ${older} serves: it would go back`
    throw refused(bundle, what, 'get a newer mirror, or give --allow-rollback')
  }
}

function refused(bundle: string, why: string, advice: string): CommandFailure {
  return new CommandFailure('integrity', `${bundle} was not imported: ${why}`, advice)
}

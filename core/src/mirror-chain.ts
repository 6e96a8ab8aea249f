import type { ExportContent, ExportManifest } from '@stella/contracts'

import { isSameJson } from './json-documents.ts'

/** A mirror or a delta that was signed, and how messages name it. */
export interface ChainLink {
  readonly name: string
  readonly manifest: ExportManifest
}

/**
 * Why deltas cannot be applied to a mirror one after the other, or joined into one where there is none; null where they can. Decided by their
 * manifests alone, before anything is read of what they hold.
 */
export function chainFault(base: ChainLink | null, deltas: readonly ChainLink[]): string | null {
  const [first, ...others] = base ? [base, ...deltas] : deltas
  if (!first) return 'there is no delta'
  const kindFault = base && (!base.manifest.content.mirror || base.manifest.content.delta)
  if (kindFault) return `${base.name} is no mirror: the base is one, deltas come after it`
  if (!base && !first.manifest.content.delta) return `${first.name} is no delta`
  let before = first
  for (const link of others) {
    const fault = linkFault(first, before, link)
    if (fault !== null) return fault
    before = link
  }
  return null
}

function linkFault(first: ChainLink, before: ChainLink, { name, manifest }: ChainLink): string | null {
  const { content, run } = manifest
  const { delta, mirror } = content
  const [was, is] = [before.manifest.content, content]
  if (!delta || !mirror || !was.mirror) return `${name} is no delta`
  if (run.tenant !== first.manifest.run.tenant)
    return `${name} is of the tenant ${run.tenant}, ${first.name} of ${first.manifest.run.tenant}`
  if (was.ledger_revision > 0 && mirror.ledger !== was.mirror.ledger)
    return `${name} is of another ledger than ${before.name}`
  if (!isSameJson(is.filters, was.filters))
    return `${name} has other filters than ${before.name}: a full mirror is needed`
  const target = was.delta?.target ?? was
  if (!isSameJson(delta.target.profile, target.profile))
    return `${name} is for a mirror of another profile than ${before.name}`
  if (!isSameJson(is.schemas, was.schemas) || !isSameJson(delta.target.compression, target.compression))
    return `${name} has another form than ${before.name}: a full mirror is needed`
  const { base } = delta
  if (base.ledger_revision !== was.ledger_revision) return outOfPlace({ name, base, before, is })
  const isOther = base.content_root !== null && !was.delta && base.content_root !== was.content_root
  if (base.state_root !== was.mirror.state_root || isOther)
    return `${name} is for another mirror of revision ${base.ledger_revision} than ${before.name}`
  return null
}

function outOfPlace(found: {
  readonly name: string
  readonly base: { readonly ledger_revision: number }
  readonly before: ChainLink
  readonly is: ExportContent
}): string {
  const { name, base, before, is } = found
  const at = before.manifest.content.ledger_revision
  const told = `${name} leads from revision ${base.ledger_revision} to ${is.ledger_revision}, and ${before.name} is of ${at}`
  if (is.ledger_revision <= at) return `${told}: it was applied before, or comes out of order`
  return base.ledger_revision > at
    ? `${told}: a delta between them is missing`
    : `${told}: they do not follow each other`
}

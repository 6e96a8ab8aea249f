import { z } from 'zod'

/**
 * Contract of a merge patch (RFC 7396) of what `contract` describes: every member may be left out, or be null to be removed; objects are
 * patched member by member, all else is replaced. What the patch makes still has to be parsed by `contract`.
 */
export function mergePatchOf(contract: z.ZodObject): z.ZodObject {
  const members = Object.entries<z.ZodType>(contract.shape).map(([name, member]) => {
    const inner = unwrapped(member)
    return [name, (inner instanceof z.ZodObject ? mergePatchOf(inner) : inner).nullish()]
  })
  const { error } = contract.def
  return z.strictObject(Object.fromEntries(members), { error: (issue) => error?.(issue as never) })
}

function unwrapped(member: z.ZodType): z.ZodType {
  const isWrapper = member instanceof z.ZodOptional || member instanceof z.ZodDefault || member instanceof z.ZodNullable
  return isWrapper ? unwrapped(member.unwrap() as z.ZodType) : member
}

import { z } from 'zod'

import { instant } from './instant.ts'
import { MAX_FILTER_VALUE_CHARS, MAX_FILTER_VALUES } from './limits.ts'
import { tenantId } from './tenant.ts'

/** Kinds of record that an export of JSON lines may hold, in the plural of the API. */
export const recordGroups = ['advisories', 'vex', 'sboms'] as const
/** All kinds of record in the ledger, in the plural of the API: `jars` are what indexes of Maven repositories state. */
export const ledgerGroups = [...recordGroups, 'jars'] as const
/** `advisories`, `vex`, `sboms` or `jars`. */
export type RecordGroup = (typeof ledgerGroups)[number]
/** The kinds of one record in the ledger. */
export const recordKinds = ['advisory', 'vex', 'sbom', 'jar'] as const
/** The kind of one record in the ledger. */
export type RecordKind = (typeof recordKinds)[number]
/** The kind of a record that is a line of an export. */
export type LineKind = 'advisory' | 'vex'

/** The kind of record that a group of the API holds. */
export const kindOfGroup: Readonly<Record<RecordGroup, RecordKind>> = {
  advisories: 'advisory',
  vex: 'vex',
  sboms: 'sbom',
  jars: 'jar',
}

/** The group of the API that holds a kind of record. */
export const groupOfKind = Object.fromEntries(
  Object.entries(kindOfGroup).map(([group, kind]) => [kind, group]),
) as Readonly<Record<RecordKind, RecordGroup>>

/** A value of a selector. */
export const filterValue = z
  .string()
  .min(1)
  .max(MAX_FILTER_VALUE_CHARS)
  .refine((text) => !/[\0\p{Surrogate}]/u.test(text), 'must not hold NUL or lone surrogates')
const values = z.array(filterValue).min(1).max(MAX_FILTER_VALUES)
const packages = z
  .array(filterValue.regex(/^pkg:[a-zA-Z][a-zA-Z0-9.+-]*\/\S+$/, 'a package is a purl, such as pkg:npm/lodash'))
  .min(1)
  .max(MAX_FILTER_VALUES)

/**
 * What an export takes from the ledger (specification 3.1, 3.2). Selectors are combined by AND, the values of one by OR. A release is of
 * its ecosystem: `Debian` selects and excludes `Debian:12` too.
 * `time_from` is inclusive and `time_to` exclusive, over the time at which a record was modified.
 */
export const filters = z
  .strictObject({
    time_from: instant.optional(),
    time_to: instant.optional(),
    /** Records without a time of modification, and no others. */
    undated: z.literal(true).optional(),
    products: values.optional(),
    ecosystems: values.optional(),
    /** Records of any of these are left out, whatever else they are of. */
    exclude_ecosystems: values.optional(),
    packages: packages.optional(),
    image_digests: z
      .array(z.string().regex(/^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/))
      .min(1)
      .max(MAX_FILTER_VALUES)
      .optional(),
    repositories: values.optional(),
    tags: values.optional(),
    /** The caller's own tenant, which is what is read anyway; another one is refused. */
    tenant_id: tenantId.optional(),
    include: z.array(z.enum(ledgerGroups)).min(1).optional(),
  })
  .refine(
    ({ time_from, time_to }) => !time_from || !time_to || Date.parse(time_from) < Date.parse(time_to),
    'time_from must lie before time_to',
  )
  .refine(
    ({ undated, time_from, time_to }) => !undated || (!time_from && !time_to),
    'undated takes records without a time: leave out time_from and time_to',
  )

/** Filters as a request gives them. */
export type Filters = z.infer<typeof filters>

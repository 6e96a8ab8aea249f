import { z } from 'zod'

import { distribution } from './distribution.ts'
import { encryption } from './encryption.ts'
import { filters, type RecordGroup, recordGroups } from './filters.ts'
import { MAX_CONCURRENT_RUNS, MAX_RATE } from './limits.ts'
import { mergePatchOf } from './merge-patch-of.ts'
import { mirrorConfig } from './mirror.ts'
import { resourceId } from './resource-id.ts'
import { DEFAULT_DATA_DAYS, DEFAULT_DOCUMENTS_DAYS, retention } from './retention.ts'
import { sharding } from './sharding.ts'
import { trivyConfig, trivyDatabaseOf, trivyDatabases } from './trivy.ts'

/** Kinds that a list of profiles may be filtered by. */
export const profileKinds = ['json', 'trivy', 'mirror'] as const

/** zstd level when a profile does not say. */
export const DEFAULT_COMPRESSION_LEVEL = 3

/** Members of a configuration (specification 2.7) that this version refuses, since it could not do what they ask. */
const notYet = ['signing', 'schedule', 'triggers']

/** Configuration of a profile. An empty object takes every default; a member that asks for what the service cannot do is refused. */
export const profileConfig = z.strictObject(
  {
    filters: filters.optional(),
    compression: z
      .strictObject({
        codec: z.literal('zstd').default('zstd'),
        level: z.int().min(1).max(19).default(DEFAULT_COMPRESSION_LEVEL),
      })
      .default({ codec: 'zstd', level: DEFAULT_COMPRESSION_LEVEL }),
    retention: retention.default({ data_days: DEFAULT_DATA_DAYS, documents_days: DEFAULT_DOCUMENTS_DAYS }),
    /** Absent: an export is one bundle, however large. */
    sharding: sharding.optional(),
    distribution: distribution.optional(),
    /** Of a profile of kind `trivy`. */
    trivy: trivyConfig.optional(),
    /** Of a profile of kind `mirror`. */
    mirror: mirrorConfig.optional(),
    /** Of a profile of kind `mirror`. */
    encryption: encryption.optional(),
    /** Absent: what the settings of the service say. */
    limits: z
      .strictObject({
        /** Runs of this profile that may be under way at once; more stay queued. */
        concurrent_runs: z.int().min(1).max(MAX_CONCURRENT_RUNS).optional(),
        /** Runs of this profile that may be created in a minute. */
        runs_per_minute: z.int().min(1).max(MAX_RATE).optional(),
      })
      .optional(),
  },
  {
    error: ({ code, keys }) => {
      const refused = code === 'unrecognized_keys' ? (keys as string[]).filter((key) => notYet.includes(key)) : []
      return refused.length > 0 ? `${refused.join(', ')}: this version cannot do that: leave it out` : undefined
    },
  },
)
/** A profile's configuration with its defaults filled in. */
export type ProfileConfig = z.infer<typeof profileConfig>

/** Kinds of profile, and the variants of each. */
const variantsOf: Readonly<Record<string, readonly string[]>> = {
  json: ['raw'],
  trivy: Object.keys(trivyDatabases),
  mirror: ['full', 'delta'],
}

/** Whether an export of such a profile is written by one job: what one part of it is depends on all. */
export function isWhole({ kind }: { readonly kind: string }): boolean {
  return kind !== 'json'
}

/** What is wrong with the groups that a profile is to include; null where nothing is. */
export function includeFault(
  profile: { readonly kind: string; readonly variant: string },
  include: readonly RecordGroup[] = [],
): string | null {
  const groups: readonly RecordGroup[] = trivyDatabaseOf(profile)?.groups ?? recordGroups
  const other = include.find((group) => !groups.includes(group))
  return other === undefined ? null : `${other}: a profile of this kind and variant takes ${groups.join(', ')}`
}

/** A profile as a file or a request gives it. Its id is made of its name: `json raw` becomes `prof_json_raw`. */
export const newProfile = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}$/, 'a name is 1 to 63 letters, digits, spaces, ".", "_" or "-"'),
    kind: z.enum(profileKinds),
    variant: z.enum(['raw', 'db', 'java-db', 'full', 'delta']),
    // Null is what YAML reads where nothing stands behind `config:`.
    config: profileConfig
      .nullable()
      .default(null)
      .transform((config) => config ?? profileConfig.parse({})),
  })
  .superRefine(({ kind, variant, config }, context) => {
    const refuse = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message })
    const variants = variantsOf[kind] ?? []
    if (!variants.includes(variant)) refuse(['variant'], `of kind ${kind} there is ${variants.join(', ')}`)
    if (kind !== 'trivy' && config.trivy) refuse(['config', 'trivy'], 'is for profiles of kind trivy')
    if (kind !== 'mirror' && config.mirror) refuse(['config', 'mirror'], 'is for profiles of kind mirror')
    if (kind !== 'mirror' && config.encryption) refuse(['config', 'encryption'], 'is for profiles of kind mirror')
    if (variant === 'delta' && config.sharding) refuse(['config', 'sharding'], 'a delta is one bundle: leave it out')
    if (config.encryption?.strict && config.sharding)
      refuse(['config', 'sharding'], 'the index of parts is readable, which strict encryption excludes: leave one out')
    if (kind === 'trivy' && config.sharding) refuse(['config', 'sharding'], 'a database is one file: leave it out')
    const schema = trivyDatabaseOf({ kind, variant })?.schema
    if (schema !== undefined && (config.trivy?.schema ?? schema) !== schema)
      refuse(['config', 'trivy', 'schema'], `of this database the mapping knows Trivy's schema ${schema} alone`)
    const fault = includeFault({ kind, variant }, config.filters?.include)
    if (fault) refuse(['config', 'filters', 'include'], fault)
  })
/** A profile to create. */
export type NewProfile = z.infer<typeof newProfile>

/** A change of a profile: a merge patch (RFC 7396) of its configuration. */
export const profilePatch = z.strictObject(
  { config: mergePatchOf(profileConfig).nullable() },
  {
    error: ({ code, keys }) =>
      code === 'unrecognized_keys' ? `${(keys as string[]).join(', ')}: only config can be changed` : undefined,
  },
)

/** A profile as the API returns it: one revision of it. `created_by` and `created_at` are of that revision. */
export const profile = z.strictObject({
  id: resourceId,
  name: z.string(),
  kind: z.string(),
  variant: z.string(),
  revision: z.int(),
  config: profileConfig,
  created_by: z.string(),
  created_at: z.iso.datetime(),
})
/** A profile as the API returns it. */
export type Profile = z.infer<typeof profile>

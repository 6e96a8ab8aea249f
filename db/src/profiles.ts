import { type NewProfile, Problem, type Profile } from '@stella/contracts'
import { and, asc, desc, eq, gt, type InferSelectModel } from 'drizzle-orm'

import type { Transaction } from './open-database.ts'
import { decodeCursor, type Page, pageOfRows } from './page-cursor.ts'
import { profiles } from './schema.ts'

/**
 * Stores the first revision of a profile.
 * @throws `resource/conflict` where the tenant has a profile of that id
 */
export async function createProfile(
  tx: Transaction,
  { tenantId, id, profile, createdBy }: { tenantId: string; id: string; profile: NewProfile; createdBy: string },
): Promise<Profile> {
  const { name, kind, variant, config } = profile
  const [row] = await tx
    .insert(profiles)
    .values({ tenantId, id, revision: 1, name, kind, variant, config, createdBy })
    .onConflictDoNothing()
    .returning()
  if (!row)
    throw new Problem(
      'resource/conflict',
      `the profile ${id} exists, and ids are made of names: use it, or choose another name`,
    )
  return profileOf(row)
}

/** The newest revision of a profile, or null. */
export async function getProfile(
  tx: Transaction,
  { tenantId, id }: { tenantId: string; id: string },
): Promise<Profile | null> {
  const [row] = await tx
    .select()
    .from(profiles)
    .where(and(eq(profiles.tenantId, tenantId), eq(profiles.id, id)))
    .orderBy(desc(profiles.revision))
    .limit(1)
  return row ? profileOf(row) : null
}

/**
 * A page of profiles, each in its newest revision, ordered by id.
 * @throws `request/invalid` for a cursor that cannot be read
 */
export async function listProfiles(
  tx: Transaction,
  query: {
    tenantId: string
    kind?: string | undefined
    variant?: string | undefined
    limit: number
    cursor?: string | undefined
  },
): Promise<Page<Profile>> {
  const { tenantId, kind, variant, limit, cursor } = query
  const [after] = cursor === undefined ? [] : decodeCursor(cursor, 1)
  const rows = await tx
    .selectDistinctOn([profiles.id])
    .from(profiles)
    .where(
      and(
        eq(profiles.tenantId, tenantId),
        after === undefined ? undefined : gt(profiles.id, after),
        kind === undefined ? undefined : eq(profiles.kind, kind),
        variant === undefined ? undefined : eq(profiles.variant, variant),
      ),
    )
    .orderBy(asc(profiles.id), desc(profiles.revision))
    .limit(limit + 1)
  return pageOfRows(rows, { limit, keyOf: (row) => [row.id], itemOf: profileOf })
}

function profileOf(row: InferSelectModel<typeof profiles>): Profile {
  const { id, name, kind, variant, revision, config, createdBy, createdAt } = row
  return { id, name, kind, variant, revision, config, created_by: createdBy, created_at: createdAt }
}

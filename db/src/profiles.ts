import { type NewProfile, Problem, type Profile } from '@stella/contracts'
import { and, asc, desc, eq, gt, type InferSelectModel, sql } from 'drizzle-orm'
import { decodeCursor, type Page, pageOfRows } from './page-cursor.ts'
import { preparedQuery } from './prepared-query.ts'
import { profiles } from './schema.ts'
import type { Transaction } from './session.ts'

/** One profile of one tenant. */
export interface ProfileId {
  readonly tenantId: string
  readonly id: string
}

/**
 * Stores the first revision of a profile, or, where one of that id was deleted, the next.
 * @throws `resource/conflict` where the tenant has a profile of that id
 */
export async function createProfile(
  tx: Transaction,
  { profile, createdBy, ...named }: ProfileId & { profile: NewProfile; createdBy: string },
): Promise<Profile> {
  const newest = await newestRevision(tx, named)
  const made =
    newest?.deleted === false ? null : await addRevision(tx, newest?.revision ?? 0, { ...named, ...profile, createdBy })
  if (made) return made
  throw new Problem(
    'resource/conflict',
    `the profile ${named.id} exists, and ids are made of names: use it, or choose another name`,
  )
}

/** First key of the advisory lock that changes of one profile take; the second is made of tenant and id. */
const CHANGE_LOCK = 7_008

/** As `getProfile`, for a transaction that changes it: those of one profile go one after the other, each finds what the last one left. */
export async function getProfileToChange(tx: Transaction, profile: ProfileId): Promise<Profile | null> {
  const name = `${profile.tenantId}/${profile.id}`
  await tx.execute(sql`select pg_advisory_xact_lock(${CHANGE_LOCK}, hashtext(${name}))`)
  return getProfile(tx, profile)
}

/** The newest revision of a profile, or null where there is none, or it was deleted. */
export async function getProfile(tx: Transaction, profile: ProfileId): Promise<Profile | null> {
  const newest = await newestRevision(tx, profile)
  return newest && !newest.deleted ? profileOf(newest) : null
}

/**
 * Stores the revision that follows `after`; earlier ones stay as they are.
 * @throws `request/precondition-failed` where another one followed already
 */
export async function reviseProfile(
  tx: Transaction,
  change: ProfileId & { after: Profile; config: Profile['config']; createdBy: string },
): Promise<Profile> {
  const { tenantId, id, after, config, createdBy } = change
  const { name, kind, variant } = after
  return followed(id, await addRevision(tx, after.revision, { tenantId, id, name, kind, variant, config, createdBy }))
}

/**
 * Ends a profile by a last revision after `after`. Its runs stay, and so do its revisions.
 * @throws `request/precondition-failed` where another one followed already
 */
export async function deleteProfile(
  tx: Transaction,
  { tenantId, id, after, createdBy }: ProfileId & { after: Profile; createdBy: string },
): Promise<void> {
  const { name, kind, variant, config } = after
  const last = { tenantId, id, name, kind, variant, config, createdBy, deleted: true }
  followed(id, await addRevision(tx, after.revision, last))
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
  const [after] = cursor === undefined ? [] : decodeCursor('profiles', cursor, 1)
  const newest = tx
    .selectDistinctOn([profiles.id])
    .from(profiles)
    .where(and(eq(profiles.tenantId, tenantId), after === undefined ? undefined : gt(profiles.id, after)))
    .orderBy(asc(profiles.id), desc(profiles.revision))
    .as('newest')
  const rows = await tx
    .select()
    .from(newest)
    .where(
      and(
        eq(newest.deleted, false),
        kind === undefined ? undefined : eq(newest.kind, kind),
        variant === undefined ? undefined : eq(newest.variant, variant),
      ),
    )
    .orderBy(asc(newest.id))
    .limit(limit + 1)
  return pageOfRows(rows, { list: 'profiles', limit, keyOf: (row) => [row.id], itemOf: profileOf })
}

async function newestRevision(tx: Transaction, { tenantId, id }: ProfileId) {
  const [row] = await newestOf(tx).execute({ tenantId, id })
  return row ?? null
}

const newestOf = preparedQuery((tx) =>
  tx
    .select()
    .from(profiles)
    .where(and(eq(profiles.tenantId, sql.placeholder('tenantId')), eq(profiles.id, sql.placeholder('id'))))
    .orderBy(desc(profiles.revision))
    .limit(1)
    .prepare('newest_revision'),
)

/** Null where the revision after `revision` is taken. */
async function addRevision(
  tx: Transaction,
  revision: number,
  row: Omit<typeof profiles.$inferInsert, 'revision'>,
): Promise<Profile | null> {
  const [added] = await tx
    .insert(profiles)
    .values({ ...row, revision: revision + 1 })
    .onConflictDoNothing()
    .returning()
  return added ? profileOf(added) : null
}

function followed(id: string, added: Profile | null): Profile {
  if (added) return added
  throw new Problem('request/precondition-failed', `the profile ${id} was changed meanwhile: read it again`)
}

function profileOf(row: InferSelectModel<typeof profiles>): Profile {
  const { id, name, kind, variant, revision, config, createdBy, createdAt } = row
  return { id, name, kind, variant, revision, config, created_by: createdBy, created_at: createdAt }
}

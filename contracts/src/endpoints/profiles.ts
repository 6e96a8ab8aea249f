import { z } from 'zod'

import { mediaTypes } from '../media-types.ts'
import { pageOf, pageQuery } from '../page.ts'
import { newProfile, profile, profileKinds, profilePatch } from '../profile.ts'
import { resourceId } from '../resource-id.ts'
import type { Endpoint } from './endpoint.ts'
import { etag, ifMatch, ifNoneMatch } from './etag-headers.ts'
import { idempotencyKey, idempotencyReplayed } from './idempotency-key.ts'
import { location } from './location.ts'

const params = z.strictObject({ id: resourceId.describe('Id of a profile.') })
const content = { mediaType: mediaTypes.json, schema: profile }

const query = pageQuery.extend({
  kind: z.enum(profileKinds).optional().describe('Profiles of this kind.'),
  variant: z
    .string()
    .regex(/^[a-z-]{1,63}$/)
    .optional()
    .describe('Profiles of this variant.'),
})

/** Profiles: what an export holds and how it is written. */
export const profileEndpoints = {
  createProfile: {
    method: 'POST',
    path: '/export/profiles',
    role: 'Export.Admin',
    audit: 'profile.create',
    summary: 'Create a profile',
    headers: z.object({ 'idempotency-key': idempotencyKey }),
    body: {
      mediaTypes: [mediaTypes.json],
      schema: newProfile,
      examples: {
        'every default': { name: 'all evidence', kind: 'json', variant: 'raw' },
        'two ecosystems, small files': {
          name: 'npm and PyPI',
          kind: 'json',
          variant: 'raw',
          config: { filters: { ecosystems: ['npm', 'PyPI'] }, compression: { level: 19 } },
        },
      },
    },
    answers: {
      201: {
        description: 'The profile, in its first revision.',
        content,
        headers: { location, etag, 'idempotency-replayed': idempotencyReplayed },
      },
    },
    problems: ['resource/conflict', 'kms/unavailable'],
  },
  listProfiles: {
    method: 'GET',
    path: '/export/profiles',
    role: 'Export.Viewer',
    summary: 'List profiles, by id',
    query,
    answers: { 200: { description: 'A page.', content: { mediaType: mediaTypes.json, schema: pageOf(profile) } } },
    problems: [],
  },
  getProfile: {
    method: 'GET',
    path: '/export/profiles/:id',
    role: 'Export.Viewer',
    summary: 'A profile in its newest revision',
    params,
    headers: z.object({ 'if-none-match': ifNoneMatch }),
    answers: {
      200: { description: 'The profile.', content, headers: { etag } },
      304: { description: 'The caller holds this revision.', headers: { etag } },
    },
    problems: [],
  },
  changeProfile: {
    method: 'PATCH',
    path: '/export/profiles/:id',
    role: 'Export.Admin',
    audit: 'profile.update',
    summary: 'Change a profile: a new revision, unless nothing changes',
    params,
    headers: z.object({ 'if-match': ifMatch }),
    body: {
      mediaTypes: [mediaTypes.mergePatch, mediaTypes.json],
      schema: profilePatch,
      examples: {
        'other ecosystems, nothing else': { config: { filters: { ecosystems: ['Go'] } } },
        'no filters any more': { config: { filters: null } },
        'every default': { config: null },
      },
    },
    answers: { 200: { description: 'The profile in its newest revision.', content, headers: { etag } } },
    problems: ['kms/unavailable'],
  },
  deleteProfile: {
    method: 'DELETE',
    path: '/export/profiles/:id',
    role: 'Export.Admin',
    audit: 'profile.delete',
    summary: 'Delete a profile; its runs stay',
    params,
    headers: z.object({ 'if-match': ifMatch }),
    answers: { 204: { description: 'It is gone.' } },
    problems: [],
  },
} as const satisfies Record<string, Endpoint>

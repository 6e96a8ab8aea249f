import { z } from 'zod'

import { publicKeys } from '../keys.ts'
import { mediaTypes } from '../media-types.ts'
import type { Endpoint } from './endpoint.ts'

const json = (schema: z.ZodType) => ({ mediaType: mediaTypes.json, schema })

/** What needs no token: the keys, the contract itself, the health of the process. */
export const serviceEndpoints = {
  listKeys: {
    method: 'GET',
    path: '/export/keys',
    role: null,
    summary: 'Public keys that sign or have signed, the current one first',
    answers: { 200: { description: 'The keys.', content: json(publicKeys) } },
    problems: ['kms/refused'],
  },
  getOpenApi: {
    method: 'GET',
    path: '/openapi.json',
    role: null,
    summary: 'This document',
    answers: {
      200: {
        description: 'The API as OpenAPI 3.1.',
        content: json(z.looseObject({ openapi: z.string(), paths: z.looseObject({}) })),
      },
    },
    problems: [],
  },
  live: {
    method: 'GET',
    path: '/health/live',
    role: null,
    summary: 'Whether the process answers',
    answers: { 200: { description: 'It does.', content: json(z.strictObject({ status: z.literal('live') })) } },
    problems: [],
  },
  ready: {
    method: 'GET',
    path: '/health/ready',
    role: null,
    summary: 'Whether the parts that requests need answer',
    answers: { 200: { description: 'They do.', content: json(z.strictObject({ status: z.literal('ready') })) } },
    problems: ['db/unavailable', 'bus/unavailable'],
  },
} as const satisfies Record<string, Endpoint>

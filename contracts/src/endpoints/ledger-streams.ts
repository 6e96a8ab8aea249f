import { z } from 'zod'

import {
  ecosystemsRequest,
  extentRequest,
  ledgerEcosystems,
  ledgerExtent,
  ledgerLine,
  ledgerQuery,
  ledgerRevision,
  ledgerSources,
  ledgerTimes,
  recordsRequest,
  sourcesRequest,
  timesRequest,
} from '../ledger.ts'
import { ledgerId } from '../ledger-id.ts'
import { RANGE_RECORDS } from '../limits.ts'
import { mediaTypes } from '../media-types.ts'
import { pageOf, pageQuery } from '../page.ts'
import type { Endpoint } from './endpoint.ts'
import { etag } from './etag-headers.ts'

const stream = {
  description: 'Records in order of key, a line each, then a line that says that they are complete.',
  content: { mediaType: mediaTypes.jsonLines, lines: ledgerLine },
  headers: {
    'ledger-id': ledgerId.describe('The ledger that was read, whatever its address.'),
    'ledger-revision': z.string().describe('The revision that was read.'),
    'ledger-time': z.iso.datetime().describe('When the revision was made.'),
  },
}
const ofGroup = { method: 'GET', role: 'Export.Viewer', query: ledgerQuery, answers: { 200: stream } } as const
const problems = ['resource/not-found', 'ledger/busy'] as const
const json = [mediaTypes.json]

/** Reading the ledger: streams of records, and what an export of another installation needs beside them. */
export const ledgerStreamEndpoints = {
  streamAdvisories: { ...ofGroup, path: '/ledger/advisories', summary: 'Stream advisories', problems },
  streamVex: { ...ofGroup, path: '/ledger/vex', summary: 'Stream VEX statements', problems },
  streamSboms: { ...ofGroup, path: '/ledger/sboms', summary: 'Stream SBOMs, as graphs', problems },
  streamJars: { ...ofGroup, path: '/ledger/jars', summary: 'Stream what Maven indexes state of JARs', problems },
  streamFindings: {
    method: 'GET',
    path: '/ledger/findings',
    role: 'Export.Viewer',
    summary: 'Findings: this version computes none, and says so',
    answers: {},
    problems: ['ledger/not-computed'],
  },
  streamRecords: {
    method: 'POST',
    path: '/ledger/records',
    role: 'Export.Viewer',
    summary: 'Stream one group by filters that no address can hold, or by a range of keys',
    body: {
      mediaTypes: json,
      schema: recordsRequest,
      examples: {
        'advisories of one ecosystem': { group: 'advisories', filters: { ecosystems: ['npm'] } },
        'a range of keys': {
          group: 'vex',
          from: 'https://example.test/vex/a',
          to: 'https://example.test/vex/b',
          limit: 100,
        },
      },
    },
    answers: { 200: stream },
    problems,
  },
  listRevisions: {
    method: 'GET',
    path: '/ledger/revisions',
    role: 'Export.Viewer',
    summary: 'List revisions, the newest first',
    query: pageQuery,
    answers: {
      200: { description: 'A page.', content: { mediaType: mediaTypes.json, schema: pageOf(ledgerRevision) } },
    },
    problems: [],
  },
  getArtifact: {
    method: 'GET',
    path: '/ledger/artifacts/:sha256',
    role: 'Export.Viewer',
    summary: 'A document as it was received',
    params: z.strictObject({
      sha256: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .describe('SHA-256 of its bytes.'),
    }),
    answers: {
      200: { description: 'Its bytes.', content: { mediaType: mediaTypes.bytes }, headers: { etag } },
    },
    problems: ['ledger/busy'],
  },
  readExtent: {
    method: 'POST',
    path: '/ledger/extents',
    role: 'Export.Viewer',
    summary: 'How much a scope holds of one group, and where its ranges begin',
    body: {
      mediaTypes: json,
      schema: extentRequest,
      examples: { 'all advisories': { group: 'advisories', range_records: RANGE_RECORDS } },
    },
    answers: { 200: { description: 'The extent.', content: { mediaType: mediaTypes.json, schema: ledgerExtent } } },
    problems: ['resource/not-found'],
  },
  readSources: {
    method: 'POST',
    path: '/ledger/sources',
    role: 'Export.Viewer',
    summary: 'What each source and each batch gave to a scope',
    body: {
      mediaTypes: json,
      schema: sourcesRequest,
      examples: { 'of VEX': { filters: { include: ['vex'] } }, 'of all': {} },
    },
    answers: { 200: { description: 'The sources.', content: { mediaType: mediaTypes.json, schema: ledgerSources } } },
    problems: ['resource/not-found'],
  },
  readEcosystems: {
    method: 'POST',
    path: '/ledger/ecosystems',
    role: 'Export.Viewer',
    summary: 'How much of a scope is of which ecosystem',
    body: {
      mediaTypes: json,
      schema: ecosystemsRequest,
      examples: { 'of two': { ecosystems: ['npm', 'pypi'] } },
    },
    answers: {
      200: { description: 'The ecosystems.', content: { mediaType: mediaTypes.json, schema: ledgerEcosystems } },
    },
    problems: ['resource/not-found'],
  },
  readTimes: {
    method: 'POST',
    path: '/ledger/times',
    role: 'Export.Viewer',
    summary: 'Where the bytes of a scope lie in time',
    body: {
      mediaTypes: json,
      schema: timesRequest,
      examples: { 'in steps of a MiB': { grain_bytes: 1_048_576 } },
    },
    answers: { 200: { description: 'The times.', content: { mediaType: mediaTypes.json, schema: ledgerTimes } } },
    problems: ['resource/not-found', 'plan/too-large'],
  },
} as const satisfies Record<string, Endpoint>

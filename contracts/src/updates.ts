import { z } from 'zod'

import { EVENT_SOURCE } from './events.ts'
import { MAX_SEQUENCE_DIGITS } from './limits.ts'
import { resourceId } from './resource-id.ts'

/** Subprotocol of the stream of updates: a browser, which can send no header, offers it together with its token. */
export const UPDATES_PROTOCOL = 'stella.updates.v1'
/** What a browser's token follows in the second subprotocol that it offers: `stella.bearer.<token>`. It is never sent back. */
export const BEARER_PROTOCOL_PREFIX = 'stella.bearer.'

/** Codes that the stream of updates is closed with, beside those of RFC 6455. */
export const updatesClose = {
  /** The token has expired. */
  expired: 4401,
  /** The reader takes frames more slowly than they come. */
  slow: 4408,
  /** `after` is beyond the newest event: the stream began anew. */
  ahead: 4409,
} as const

/** Query of the stream of updates. */
export const updatesQuery = z.strictObject({
  after: z
    .string()
    .regex(/^\d{1,20}$/, 'a sequence is digits, as a frame gave it')
    .transform(Number)
    .refine(Number.isSafeInteger, 'a sequence is digits, as a frame gave it')
    .optional()
    .describe('`sequence` of the last frame that the reader has: what came after it is sent first.'),
  run_id: resourceId.optional().describe('Events of this run only.'),
})

/** A sequence as a frame carries it: decimal digits of equal length, so that their order as text is their order. */
export const sequence = z.string().regex(new RegExp(`^\\d{${MAX_SEQUENCE_DIGITS}}$`))

/**
 * A frame of the stream of updates: a CloudEvent 1.0 in JSON, with the extension `sequence`. Beside the events of runs there are two of
 * the stream itself: `…updates.ready.v1` once all kept events were sent and live ones follow, and `…updates.gap.v1` where events after
 * the reader's position may be kept no longer.
 */
export const updateFrame = z.looseObject({
  specversion: z.literal('1.0'),
  id: z.string(),
  source: z.string(),
  type: z.string(),
  time: z.string(),
  sequence,
  data: z.looseObject({}),
})
/** A frame of the stream of updates. */
export type UpdateFrame = z.infer<typeof updateFrame>

/** A number of the stream of events as frames carry it. */
export function sequenceText(number: number): string {
  return String(number).padStart(MAX_SEQUENCE_DIGITS, '0')
}

/** The frame that says that a reader has all that was kept, up to `position`. */
export function readyFrame(position: number, time: Date): UpdateFrame {
  return ownFrame('ready', { id: `ready/${position}`, position, time, data: {} })
}

/** The frame that says that events `from` to `to` may have been dropped from the stream. */
export function gapFrame({ from, to }: { from: number; to: number }, time: Date): UpdateFrame {
  const data = { from: sequenceText(from), to: sequenceText(to) }
  return ownFrame('gap', { id: `gap/${from}-${to}`, position: to, time, data })
}

function ownFrame(
  name: 'ready' | 'gap',
  { id, position, time, data }: { id: string; position: number; time: Date; data: object },
): UpdateFrame {
  return {
    specversion: '1.0',
    id,
    source: EVENT_SOURCE,
    type: `com.stella.export.updates.${name}.v1`,
    time: time.toISOString(),
    datacontenttype: 'application/json',
    sequence: sequenceText(position),
    data: { ...data },
  }
}

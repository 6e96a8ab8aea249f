import { Problem, type ProblemCode, problems, toProblem } from '@stella/contracts'
import { type Context, Hono } from 'hono'
import { routePath } from 'hono/route'

import * as answers from './answers.ts'
import { changelog } from './changelog.ts'
import type { ActiveGeneration } from './generation.ts'
import { ReaderMetrics } from './metrics.ts'
import { page } from './page.ts'
import { hasDatabase, registry } from './registry.ts'

/** Longest text of a query, in characters. */
const MAX_QUERY_CHARS = 4096

/**
 * The reader's HTTP interface: web standards alone. Every answer about records says how old the mirror is and what it covers. Reads only, and asks for
 * no token: who may reach the address may read the mirror. `root`: the reader's folder, whose databases for Trivy are served besides.
 */
export function readerApp(root: string, active: Pick<ActiveGeneration, 'get'>, now: () => Date): Hono {
  const app = new Hono()
  const metrics = new ReaderMetrics()
  app.onError((error, c) => answerProblem(c, toProblem(error)))
  app.notFound((c) => answerProblem(c, new Problem('resource/not-found', `there is nothing at ${c.req.path}`)))
  app.use(async (c, next) => {
    const began = performance.now()
    await next()
    metrics.answered(routePath(c, -1), c.res.status, (performance.now() - began) / 1000)
  })
  app.get('/', (c) => c.body(page.body, 200, page.headers))
  app.get('/metrics', async (c) => {
    return c.body(await metrics.text(active, now()), 200, {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
    })
  })
  app.route('/', registry(root))
  app.get('/health/live', (c) => c.json({ status: 'live' }))
  app.get('/health/ready', async (c) => {
    const mirror = await active.get().catch(async (error: unknown) => {
      // A site may have databases for Trivy alone.
      if (toProblem(error).code === 'resource/not-found' && (await hasDatabase(root))) return null
      throw error
    })
    return c.json({ status: 'ready', mirror: mirror && answers.standingOf(mirror, now()) })
  })
  app.get('/coverage', async (c) => c.json(answers.coverage(await active.get(), now())))
  app.get('/changelog', async (c) => {
    const { kind } = queried(c, ['kind', 'skip', 'limit'])
    return c.json(await changelog(await active.get(), kind, pageOf(c), now()))
  })
  app.get('/advisories/:id', async (c) =>
    answered(c, answers.advisory(await active.get(), text(c.req.param('id')), now())),
  )
  app.get('/advisories', async (c) => {
    const { alias, package: purl, text: words } = queried(c, ['alias', 'package', 'text', 'skip', 'limit'])
    if ([alias, purl, words].filter((given) => given !== undefined).length !== 1) {
      throw new Problem('request/invalid', 'alias, package, text: give one of them')
    }
    const generation = await active.get()
    if (alias !== undefined) return answered(c, answers.advisoriesByAlias(generation, alias, pageOf(c), now()))
    if (purl !== undefined) return answered(c, answers.advisoriesByPackage(generation, purl, pageOf(c), now()))
    return answered(c, answers.advisoriesByWords(generation, words ?? '', pageOf(c), now()))
  })
  app.get('/vex', async (c) => {
    const { product, vulnerability } = queried(c, ['product', 'vulnerability', 'skip', 'limit'])
    return answered(c, answers.vex(await active.get(), { product, vulnerability }, pageOf(c), now()))
  })
  app.get('/sboms', async (c) => {
    const { component, subject } = queried(c, ['component', 'subject', 'skip', 'limit'])
    return answered(c, answers.sboms(await active.get(), { component, subject }, pageOf(c), now()))
  })
  app.get('/documents/:digest', async (c) => {
    const content = answers.document(await active.get(), c.req.param('digest'))
    // A document may be anything: a browser must not take it for a page.
    const headers = {
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment',
      'x-content-type-options': 'nosniff',
    }
    return c.body(new Uint8Array(content), 200, headers)
  })
  return app
}

function answered(c: Context, answer: answers.Answer): Response {
  return c.body(answers.encodeAnswer(answer), 200, { 'content-type': 'application/json' })
}

/** The query, of whose members others are refused. @throws `request/invalid` */
function queried(c: Context, known: readonly string[]): Readonly<Record<string, string | undefined>> {
  const given = new URL(c.req.url).searchParams
  const values: Record<string, string> = {}
  for (const [name, value] of given) {
    if (!known.includes(name))
      throw new Problem('request/invalid', `${name}: is no parameter here: ${known.join(', ')}`)
    if (Object.hasOwn(values, name)) throw new Problem('request/invalid', `${name}: is given twice`)
    values[name] = text(value)
  }
  return values
}

function text(value: string): string {
  if (value.length >= 1 && value.length <= MAX_QUERY_CHARS) return value
  throw new Problem('request/invalid', `a name has 1 to ${MAX_QUERY_CHARS} characters`)
}

function pageOf(c: Context): answers.Page {
  return {
    skip: whole(c.req.query('skip'), 'skip', { least: 0, most: 10_000_000, otherwise: 0 }),
    limit: whole(c.req.query('limit'), 'limit', {
      least: 1,
      most: answers.MAX_RECORDS,
      otherwise: answers.DEFAULT_RECORDS,
    }),
  }
}

/** A whole number out of a query. @throws `request/invalid` */
export function whole(
  given: string | undefined,
  name: string,
  { least, most, otherwise }: { readonly least: number; readonly most: number; readonly otherwise: number },
): number {
  if (given === undefined) return otherwise
  const number = /^\d{1,9}$/.test(given) ? Number(given) : Number.NaN
  if (number >= least && number <= most) return number
  throw new Problem('request/invalid', `${name}: must be a whole number from ${least} to ${most}`)
}

/** RFC 9457. */
function answerProblem(c: Context, problem: Problem): Response {
  const { status, errorClass } = problems[problem.code as ProblemCode]
  const body = {
    type: `urn:stella:problem:${problem.code}`,
    title: errorClass,
    status,
    detail: problem.message,
    code: problem.code,
  }
  return c.json(body, status as 400, { 'content-type': 'application/problem+json' })
}

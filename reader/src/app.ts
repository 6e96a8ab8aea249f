import { Problem, type ProblemCode, problems, toProblem } from '@stella/contracts'
import { type Context, Hono } from 'hono'
import { routePath } from 'hono/route'
import { LinearRouter } from 'hono/router/linear-router'

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
  // Some routes, asked for at once: a router that is ready without building anything.
  const app = new Hono({ router: new LinearRouter() })
  const metrics = new ReaderMetrics()
  app.onError((error, c) => answerProblem(c, toProblem(error)))
  app.notFound((c) => answerProblem(c, new Problem('resource/not-found', `there is nothing at ${c.req.path}`)))
  app.use(async (c, next) => {
    const began = performance.now()
    await next()
    metrics.answered(routePath(c, -1), c.res.status, (performance.now() - began) / 1000)
  })
  app.route('/', registry(root))
  const get = (path: string, known: readonly string[], answer: (c: Context, query: Query) => Promise<Response>) =>
    app.get(path, (c) => answer(c, queried(c, known)))
  get('/', [], async (c) => c.body(page.body, 200, page.headers))
  get('/metrics', [], async (c) => {
    return c.body(await metrics.text(active, now()), 200, {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
    })
  })
  get('/health/live', [], async (c) => c.json({ status: 'live' }))
  get('/health/ready', [], async (c) => {
    const mirror = await active.get().catch(async (error: unknown) => {
      // A site may have databases for Trivy alone.
      if (toProblem(error).code === 'resource/not-found' && hasDatabase(root)) return null
      throw error
    })
    return c.json({ status: 'ready', mirror: mirror && answers.standingOf(mirror, now()) })
  })
  get('/coverage', [], async (c) => c.json(answers.coverage(await active.get(), now())))
  get('/changelog', ['kind', ...paging], async (c, { kind, ...query }) =>
    c.json(await changelog(await active.get(), kind, answers.pageOf(query), now())),
  )
  get('/advisories/:id', [], async (c) =>
    answered(c, answers.advisory(await active.get(), text(c.req.param('id') ?? ''), now())),
  )
  get(
    '/advisories',
    ['alias', 'package', 'text', ...paging],
    async (c, { alias, package: purl, text: words, ...query }) => {
      if ([alias, purl, words].filter((given) => given !== undefined).length !== 1) {
        throw new Problem('request/invalid', 'alias, package, text: give one of them')
      }
      const [generation, wanted] = [await active.get(), answers.pageOf(query)]
      if (alias !== undefined) return answered(c, answers.advisoriesByAlias(generation, alias, wanted, now()))
      if (purl !== undefined) return answered(c, answers.advisoriesByPackage(generation, purl, wanted, now()))
      return answered(c, answers.advisoriesByWords(generation, words ?? '', wanted, now()))
    },
  )
  get('/vex', ['product', 'vulnerability', ...paging], async (c, { product, vulnerability, ...query }) =>
    answered(c, answers.vex(await active.get(), { product, vulnerability }, answers.pageOf(query), now())),
  )
  get('/sboms', ['component', 'subject', ...paging], async (c, { component, subject, ...query }) =>
    answered(c, answers.sboms(await active.get(), { component, subject }, answers.pageOf(query), now())),
  )
  get('/documents/:digest', [], async (c) => {
    const content = answers.document(await active.get(), c.req.param('digest') ?? '')
    // A document may be anything: a browser must not take it for a page.
    const headers = {
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment',
      'x-content-type-options': 'nosniff',
    }
    return c.body(new Uint8Array(content), 200, headers)
  })
  for (const path of new Set(app.routes.filter(({ method }) => method === 'GET').map(({ path }) => path))) {
    app.all(path, notAllowed)
  }
  return app
}

/** Members of a query that page through an answer. */
const paging = ['skip', 'limit']

/** Every path is read, and nothing else (RFC 9110, section 15.5.6). */
function notAllowed(c: Context): Response {
  c.header('allow', 'GET, HEAD')
  return answerProblem(c, new Problem('request/method-not-allowed', `${c.req.method} does nothing here: use GET, HEAD`))
}

function answered(c: Context, answer: answers.Answer): Response {
  return c.body(answers.encodeAnswer(answer), 200, { 'content-type': 'application/json' })
}

type Query = Readonly<Record<string, string | undefined>>

/** The query, of whose members others are refused. @throws `request/invalid` */
function queried(c: Context, known: readonly string[]): Query {
  const { url } = c.req
  const begin = url.indexOf('?')
  const values: Record<string, string> = {}
  if (begin < 0) return values
  for (const [name, value] of new URLSearchParams(url.slice(begin))) {
    if (!known.includes(name)) {
      const others = known.length > 0 ? `: there are ${known.join(', ')}` : ''
      throw new Problem('request/invalid', `${name}: is no parameter here${others}`)
    }
    if (Object.hasOwn(values, name)) throw new Problem('request/invalid', `${name}: is given twice`)
    values[name] = text(value)
  }
  return values
}

function text(value: string): string {
  if (value.length >= 1 && value.length <= MAX_QUERY_CHARS) return value
  throw new Problem('request/invalid', `a name has 1 to ${MAX_QUERY_CHARS} characters`)
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

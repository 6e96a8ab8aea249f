import { describe, expect, test } from 'vitest'
import { z } from 'zod'

import { type Endpoint, isJsonBody } from '../endpoints/endpoint.ts'
import { problemsOf } from '../endpoints/problems-of.ts'
import { endpoints } from '../endpoints.ts'
import { problems } from '../problem.ts'
import { openApi } from './openapi.ts'

interface Operation {
  readonly operationId: string
  readonly parameters?: readonly { name: string; in: string; required: boolean }[]
  readonly requestBody?: { content: Record<string, { schema: object; examples?: Record<string, { value: unknown }> }> }
  readonly responses: Record<string, object>
}

const document = openApi() as {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object> }
}
const table = Object.entries<Endpoint>(endpoints)

function operationOf({ path, method }: Endpoint): Operation {
  const operation = document.paths[path.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()]
  if (!operation) throw new Error(`${method} ${path} is not in the document`)
  return operation
}

/** A parser made of the document alone: what a caller that has nothing but the document would check by. */
function parserOf(schema: object): z.ZodType {
  const text = JSON.stringify({ ...schema, $defs: document.components.schemas })
  return z.fromJSONSchema(JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')))
}

describe('openApi()', () => {
  test('holds each endpoint once, with all of its answers', () => {
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path))
    expect(operations.map(({ operationId }) => operationId).sort()).toEqual(Object.keys(endpoints).sort())
    for (const [name, endpoint] of table) {
      const statuses = [...Object.keys(endpoint.answers), ...problemsOf(endpoint).map((code) => problems[code].status)]
      expect(new Set(Object.keys(operationOf(endpoint).responses)), name).toEqual(new Set(statuses.map(String)))
    }
  })

  test('declares each name in a path as a required parameter', () => {
    for (const [name, endpoint] of table) {
      const named = [...endpoint.path.matchAll(/:(\w+)/g)].map(([, parameter]) => parameter)
      const declared = (operationOf(endpoint).parameters ?? []).filter((parameter) => parameter.in === 'path')
      expect(
        declared.map((parameter) => parameter.name),
        name,
      ).toEqual(named)
      expect(
        declared.every(({ required }) => required),
        name,
      ).toBe(true)
    }
  })

  test('refers to no schema that it lacks', () => {
    const names = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name)
    expect(names.length).toBeGreaterThan(20)
    expect(names.filter((name) => !(name && name in document.components.schemas))).toEqual([])
  })

  const bodies = table.filter(([, { body }]) => isJsonBody(body))
  test.each(bodies)('%s: each example is one that parser and document accept', (_, endpoint) => {
    const { body } = endpoint
    const contents = Object.values(operationOf(endpoint).requestBody?.content ?? {})
    expect(contents.length).toBeGreaterThan(0)
    for (const { schema, examples = {} } of contents) {
      expect(Object.keys(examples).length).toBeGreaterThan(0)
      for (const { value } of Object.values(examples)) {
        expect(parserOf(schema).safeParse(value).error).toBeUndefined()
        expect(isJsonBody(body) && body.schema.safeParse(value).error).toBeUndefined()
        expect(parserOf(schema).safeParse({ surprise: value }).success).toBe(false)
      }
    }
  })
})

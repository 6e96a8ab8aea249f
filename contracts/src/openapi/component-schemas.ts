import { z } from 'zod'

/** A JSON Schema, or another object of the OpenAPI document. */
export type Json = Record<string, unknown>

const refOf = (name: string) => `#/components/schemas/${name}`

/**
 * Schemas of one direction, each under a name: `input` is what a caller may send, where members with a default may be left out;
 * `output` is what the service answers, where they are there.
 */
export class ComponentSchemas {
  readonly #registry = z.registry<{ id: string }>()
  readonly #io: 'input' | 'output'

  constructor(io: 'input' | 'output', named: Readonly<Record<string, z.ZodType>>) {
    this.#io = io
    for (const [name, schema] of Object.entries(named)) this.#registry.add(schema, { id: name })
  }

  /** A reference to a schema; one without a name takes the one given. */
  reference(schema: z.ZodType, name: string): Json {
    if (!this.#registry.has(schema)) this.#registry.add(schema, { id: name })
    return { $ref: refOf(this.#registry.get(schema)?.id ?? name) }
  }

  /** All of them, by name. */
  components(): Record<string, Json> {
    const { schemas } = z.toJSONSchema(this.#registry, { io: this.#io, uri: refOf })
    return Object.fromEntries(
      Object.entries(schemas).map(([name, schema]) => {
        const { $schema: _draft, $id: _id, ...rest } = schema as Json
        return [name, rest]
      }),
    )
  }
}

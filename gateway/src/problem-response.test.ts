import { Problem, type ProblemBody, type ProblemCode } from '@stella/contracts'
import { expect, test } from 'vitest'

import { problemResponse } from './problem-response.ts'

test.each<ProblemCode>(['blob/absent', 'blob/short', 'blob/long', 'blob/altered'])(
  '%s is answered without the key in the store, which the log has',
  async (code) => {
    const logged: string[] = []
    const failure = new Problem(code, 'the blob runs/acme/run_1/sha256/00 cannot be read: ENOENT')
    const answer = problemResponse(failure, ({ message }) => logged.push(message))
    const { detail } = (await answer.json()) as ProblemBody
    expect([answer.status, detail.includes('runs/acme'), detail.includes('reproducing')]).toEqual([500, false, true])
    expect(logged).toEqual([failure.message])
  },
)

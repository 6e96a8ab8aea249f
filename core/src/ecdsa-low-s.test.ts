import { generateKeyPairSync, sign, verify } from 'node:crypto'

import { expect, test } from 'vitest'

import { isLowS, withLowS } from './ecdsa-low-s.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const HALF_ORDER = 0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8n

test('withLowS() keeps a signature good, and gives the lower s that the IEEE P1363 form shows', () => {
  for (let at = 0; at < 100; at += 1) {
    const bytes = Buffer.from(String(at))
    const made = sign('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' })
    const isLow = BigInt(`0x${made.subarray(32).toString('hex')}`) <= HALF_ORDER
    const der = derOf(made)
    const low = withLowS(der)
    expect(verify('sha256', bytes, publicKey, low)).toBe(true)
    expect({ isLow: isLowS(der), isSame: low.equals(der) }).toEqual({ isLow, isSame: isLow })
    expect(isLowS(low)).toBe(true)
  }
})

test.each([
  ['', 'nothing'],
  ['3006020101020101ff', 'a byte too many'],
  ['300602010102', 'too few bytes'],
  ['30070202000102010a', 'a number with a zero too many'],
  ['3006020181020101', 'a negative number'],
  ['3006020100020101', 'zero'],
  ['300602010102017f00', 'a length that is too short'],
  ['31060201010201010', 'no sequence'],
])('isLowS() refuses %s: %s', (hex) => {
  expect(isLowS(Buffer.from(hex, 'hex'))).toBe(false)
  expect(() => withLowS(Buffer.from(hex, 'hex'))).toThrow(RangeError)
})

/** The DER form of 64 bytes `r`, `s`: written apart from the code under test, each number with a zero where it would be negative. */
function derOf(p1363: Buffer): Buffer {
  const numbers = [p1363.subarray(0, 32), p1363.subarray(32)].map((bytes) => {
    const start = bytes.findIndex((byte) => byte > 0)
    const digits = bytes.subarray(start)
    return (digits[0] ?? 0) > 127 ? Buffer.concat([Buffer.from([0]), digits]) : digits
  })
  const body = Buffer.concat(numbers.flatMap((bytes) => [Buffer.from([2, bytes.length]), bytes]))
  return Buffer.concat([Buffer.from([0x30, body.length]), body])
}

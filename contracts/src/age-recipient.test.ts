import { expect, test } from 'vitest'

import { ageRecipient } from './age-recipient.ts'

const sound = 'age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa'

function reasonOf(text: string): string | null {
  return ageRecipient.safeParse(text).error?.issues[0]?.message ?? null
}

test('ageRecipient takes what age-keygen prints', () => {
  const printed = 'age1drxr52yj2yjh2ptc5nshnvvsmxk2lyqa2xgwvgkaur8dan3j53cs2r07r6'
  expect([sound, printed].map(reasonOf)).toEqual([null, null])
})

test('ageRecipient finds every change of one character, and every two that changed places', () => {
  for (let at = 'age1'.length; at < sound.length; at++) {
    const other = sound[at] === 'q' ? 'p' : 'q'
    expect(reasonOf(sound.slice(0, at) + other + sound.slice(at + 1))).toMatch(/checksum/)
    const [a = '', b = ''] = sound.slice(at, at + 2)
    if (b !== '' && a !== b) expect(reasonOf(sound.slice(0, at) + b + a + sound.slice(at + 2))).toMatch(/checksum/)
  }
})

test.each([
  '',
  'age1',
  `${sound} `,
  sound.toUpperCase(),
  `${sound}q`,
  sound.replace('age1', 'agf1'),
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN',
  'AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33',
])('ageRecipient refuses %j', (text) => {
  expect(reasonOf(text)).toMatch(/^is no age recipient \(X25519\): /)
})

test.each([
  // 0, 1, a point of order 8, p - 1; of 0 also with the top bit.
  'age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z',
  'age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqzqqsuwj9m',
  'age1qyqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqj7vrya',
  'age1ur4h5lpmgxu2u9jku0a0r87ydtdqnr0tnsetrlvxvgz3vh6fhqqqzyt4v9',
  'age1anlllllllllllllllllllllllllllllllllllllllllllllllals4n2t7m',
])('ageRecipient refuses the point of small order %s', (text) => {
  expect(reasonOf(text)).toMatch(/anybody could read/)
})

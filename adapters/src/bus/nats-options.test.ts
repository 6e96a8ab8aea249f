import { expect, test } from 'vitest'

import { natsOptions } from './nats-options.ts'

test('natsOptions() reads servers, credentials and encryption', () => {
  expect(natsOptions('nats://127.0.0.1:4222')).toEqual({ servers: ['127.0.0.1:4222'] })
  expect(natsOptions('tls://a:1,tls://[::1]:2')).toEqual({ servers: ['a:1', '[::1]:2'], tls: {} })
  expect(natsOptions('nats://me:p%40ss@a:1')).toEqual({ servers: ['a:1'], user: 'me', pass: 'p@ss' })
  expect(natsOptions('nats://t0ken@a:1')).toEqual({ servers: ['a:1'], token: 't0ken' })
})

test('natsOptions() refuses other URLs, and does not repeat their credentials', () => {
  for (const url of ['', 'a:1', 'nats://', 'http://me:secret@a', 'nats://a:1,ws://b']) {
    expect(() => natsOptions(url), url).toThrow(expect.objectContaining({ code: 'config/invalid' }))
    expect(() => natsOptions(url), url).not.toThrow('secret')
  }
})

import { expect, it } from 'vitest'
import { parameterKey } from '../../src/run/parameter-key.ts'

it('finds the rows that are there: a parameter keeps its key for good', () => {
  expect(parameterKey('alice-ws', 'red_url', 'https://example.org/B04.tif')).toBe('3384104498318031339')
  expect(parameterKey('alice-ws', 'title', 'héllo')).toBe('-8787648438461809261')
})

it('compares numbers by their value, and integers of any size by their digits', () => {
  const key = (value: string) => parameterKey('alice-ws', 'count', value)
  expect(key('1.0')).toBe(key('1'))
  expect(key('1e2')).toBe(key('100'))
  expect(key('9007199254740993')).not.toBe(key('9007199254740992'))
})

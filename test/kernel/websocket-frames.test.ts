import { expect, it } from 'vitest'
import { jsonFraming } from '../../src/kernel/websocket-frames.ts'

const decode = (text: string) => jsonFraming.decode(Buffer.from(text), false)
const message = (content: string) =>
  `{"header": {"msg_type": "display_data"}, "parent_header": {"msg_id": "a\\"],{"}, "metadata": {}, "content": ${content}, "buffers": [], "channel": "iopub"}`

it('tells whose a message is that is nested too deep', () => {
  const read = decode(message(`{"data": ${'['.repeat(1000)}${']'.repeat(1000)}}`))
  expect(read.channel).toBe('iopub')
  expect(read.parent.get('msg_id')).toBe('a"],{')
  expect(read.header.get('msg_type')).toBe('display_data')
  expect(read.content.size).toBe(0)
  expect(read.unread).toContain('nested deeper than 400 levels')
})

it('reads one that is not', () => {
  const read = decode(message('{"a\\\\": "b\\"}", "c": [NaN]}'))
  expect([...read.content.keys()]).toEqual(['a\\', 'c'])
  expect(read.content.get('a\\')).toBe('b"}')
  expect(read.unread).toBeUndefined()
})

it.each(['', '[]', '{"a": "', '{"a": 1'])('takes %j for no message', (text) => {
  expect(() => decode(text)).toThrow(SyntaxError)
})

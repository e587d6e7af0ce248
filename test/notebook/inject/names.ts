import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../../../src/notebook/inject')

/** Every word that some language reserves: what one takes for a name is a keyword of another. */
export const RESERVED_SOMEWHERE: readonly string[] = readdirSync(folder).flatMap((file) => {
  const list = /reserved: words\(([^)]*)\)/.exec(readFileSync(join(folder, file), 'utf8'))?.[1] ?? ''
  return [...list.matchAll(/'([^']*)'/g)].flatMap(([, line = '']) => line.split(' '))
})

/** Names that people give, and words with a meaning in some places only. */
export const ORDINARY: readonly string[] = [
  ...[
    'x1',
    'year',
    'cog_url',
    'bbox',
    'Year',
    'BBOX',
    'aB_9',
    'i',
    'e',
    'I',
    'T',
    'F',
    'L',
    'c',
    't',
    'value',
    'list',
    'dict',
  ],
  ...[
    'map',
    'seq',
    'string',
    'object',
    'self',
    'print',
    'type',
    'match',
    'case',
    'async',
    'dynamic',
    'record',
    'nameof',
  ],
  ...[
    'inline',
    'open',
    'end',
    'as',
    'derives',
    'using',
    'infix',
    'opaque',
    'extension',
    'mutable',
    'primitive',
    'outer',
  ],
  ...[
    'missing',
    'pi',
    'data',
    'input_path',
    'workspace',
    'user',
    'output',
    'id',
    'test',
    'echo',
    'a_',
    'x'.repeat(63),
  ],
]

/** Letters beyond ASCII: some languages take them. */
export const UNICODE: readonly string[] = ['température', 'größe', '日本', 'Ωmega', 'год', 'naïve_2']

/** What no language takes: more code than a name, or another name than it looks. */
export const HOSTILE: readonly string[] = [
  ...[
    '',
    ' ',
    'a b',
    'x = 1; import os',
    'a;b',
    'a\nb',
    'a\n',
    '\na',
    'a=1',
    'x(1)',
    'a[0]',
    '$(id)',
    '`id`',
    'a#',
    'a//b',
  ],
  ...[
    '_',
    '_mode',
    '__class__',
    '1a',
    '9',
    '-a',
    'a-b',
    'a+b',
    '"a"',
    "'a'",
    '{a}',
    '%a',
    '@a',
    '${a}',
    'a,b',
    'a:b',
    'a\\u0062',
  ],
  ...[
    '\ufb01',
    '\u212a',
    '\u{20000}',
    'a\u{10400}',
    '\u00aa',
    'e\u0301',
    'a\u200b',
    'a\u2028b',
    'a\u00a0b',
    '\ufeffa',
    'a\u202e',
    'a\0',
    '\ud800',
    'a\u00ad',
    '💣',
    '½',
    '²',
  ],
]

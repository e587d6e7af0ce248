import { defineLanguage, words } from './language.ts'
import { doubleQuoted, pythonEscape } from './text.ts'

const string = (text: string) => doubleQuoted(text, pythonEscape)

/** Python 3: https://docs.python.org/3/reference/lexical_analysis.html */
export const python = defineLanguage({
  language: 'python',
  comment: ['# ', ''],
  // §2.3
  name: /^\p{XIDS}\p{XIDC}*$/u,
  // §2.3.1, and `float`, which our NaN needs.
  reserved: words(
    'False None True and as assert async await break class continue def del elif else except finally for from',
    'global if import in is lambda nonlocal not or pass raise return try while with yield float',
  ),
  literals: {
    null: 'None',
    true: 'True',
    false: 'False',
    nan: "float('nan')",
    infinity: "float('inf')",
    minusInfinity: "float('-inf')",
    integer: String,
    float: (_, repr) => repr,
    string,
    list: (items, write) => `[${items.map(write).join(', ')}]`,
    dict: (entries, write) =>
      `{${[...entries].map(([key, value]) => `${string(key)}: ${write(value)}`).join(', ')}}`,
  },
  assign: (name, literal) => `${name} = ${literal}`,
})

import { isSafe } from './kind.ts'
import { defineLanguage, words } from './language.ts'
import { refuse } from './refuse.ts'
import { doubleQuoted, unicodeEscape } from './text.ts'

/** R's parser gives up on a string of more than 10,000 characters with `\u` among them. */
const CHUNK = 5000

/** R takes no `\x` beside `\u` in one string, and takes a lone `\xe9` for a byte of its locale: everything is `\u`. */
function string(text: string): string {
  if (text.includes('\0')) refuse('A string in R cannot hold the character NUL (U+0000).')
  if (!text.isWellFormed()) refuse('A string in R cannot hold half of a surrogate pair.')
  const chunks =
    text.length > CHUNK && /[^\x20-\x7e]/.test(text) ? (text.match(/[\s\S]{1,5000}/gu) ?? []) : [text]
  const quoted = chunks.map((chunk) => doubleQuoted(chunk, unicodeEscape))
  return quoted.length === 1 ? quoted.join() : `paste0(${quoted.join(', ')})`
}

function integer(value: bigint): string {
  if (isSafe(value)) return String(value)
  return refuse(
    `R holds whole numbers exactly up to 9007199254740992 only, and ${value} is beyond: give it as text.`,
  )
}

/** R reads decimals in the C library's widest float, then rounds again: exact for up to 15 digits and 1e±22 alone. */
function float(value: number, repr: string): string {
  const [mantissa = '', exponent = '0'] = value.toExponential().replace('-', '').split('e')
  const digits = mantissa.replace('.', '').length
  const scale = Math.abs(Number(exponent.replace('+', '')) - digits + 1)
  return digits <= 15 && (scale <= 22 || value === 0) ? repr : hexFloat(value)
}

/** C's exact notation, `0x1.8p+1` for 3. */
function hexFloat(value: number): string {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, Math.abs(value))
  const bits = view.getBigUint64(0)
  const exponent = Number(bits >> 52n)
  const fraction = (bits & (2n ** 52n - 1n)).toString(16).padStart(13, '0').replace(/0+$/, '')
  const [lead, power] = exponent === 0 ? [0, -1022] : [1, exponent - 1023]
  return `${value < 0 ? '-' : ''}0x${lead}${fraction === '' ? '' : `.${fraction}`}p${power < 0 ? '' : '+'}${power}`
}

/** R (and the Jupyter kernel IRkernel): https://cran.r-project.org/doc/manuals/r-release/R-lang.html */
export const r = defineLanguage({
  language: 'r',
  comment: ['# ', ''],
  // §10.3.2. Which letters there are is the locale's choice; every Unicode locale has these.
  name: /^(?!\.\.(?:\.|\d+)$)(?:\p{L}|\.(?!\d))[\p{L}\d._]*$/u,
  // ?Reserved
  reserved: words(
    'if else repeat while function for next break TRUE FALSE NULL Inf NaN NA NA_integer_ NA_real_ NA_complex_',
    'NA_character_ in',
  ),
  literals: {
    null: 'NULL',
    true: 'TRUE',
    false: 'FALSE',
    nan: 'NaN',
    infinity: 'Inf',
    minusInfinity: '-Inf',
    integer,
    float,
    string,
    list: (items, write) => `list(${items.map(write).join(', ')})`,
    dict(entries, write) {
      const keys = [...entries.keys()]
      // `list()` has no names, so it would be an empty list; `"" = 1` is an error, and a long name is one too.
      if (keys.length > 0 && keys.every((key) => key !== '' && key.length < 2000)) {
        return `list(${[...entries].map(([key, value]) => `${string(key)} = ${write(value)}`).join(', ')})`
      }
      const values = [...entries.values()].map(write).join(', ')
      return `structure(list(${values}), names = ${keys.length === 0 ? 'character(0)' : `c(${keys.map(string).join(', ')})`})`
    },
  },
  assign: (name, literal) => `${name} = ${literal}`,
})

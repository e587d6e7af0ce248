import type { JsonObject, JsonValue } from '../json.ts'
import { isInt64 } from './kind.ts'
import { defineLanguage, type Write, words } from './language.ts'
import { codeOf } from './text.ts'

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\0', '`0'],
  ['\n', '`n'],
  ['\r', '`r'],
  ['\t', '`t'],
])

/** Between double quotes `$` begins code, `` ` `` escapes and `\` is itself; curly quotes close as straight ones do. */
function string(text: string): string {
  const inside = text.replace(/[^\x20-\x7e]|["$`]/gu, (char) =>
    /[ -~]/.test(char) ? `\`${char}` : (ESCAPES.get(char) ?? `\`u{${codeOf(char).toString(16)}}`),
  )
  return `"${inside}"`
}

/** Beyond Int64 a plain literal is a decimal, and beyond that a double. */
function integer(value: bigint): string {
  return isInt64(value) ? String(value) : `[bigint]::Parse("${value}")`
}

/** `@(@(1, 2))` is flattened to `@(1, 2)`; a comma before the only member keeps it a list of one list. */
function list(items: readonly JsonValue[], write: Write): string {
  return `@(${items.length === 1 && Array.isArray(items[0]) ? ',' : ''}${items.map(write).join(', ')})`
}

/** The keys of `@{…}` are told apart without regard to case; those of a `[hashtable]` made by hand are not. */
function dict(entries: JsonObject, write: Write): string {
  const pairs = [...entries].map(([key, value]) => [string(key), write(value)] as const)
  const keys = [...entries.keys()]
  const distinct = keys.length < 2 || (keys.every(isAscii) && new Set(keys.map(lower)).size === keys.length)
  if (distinct) return `@{${pairs.map(([key, value]) => `${key} = ${value}`).join('\n ')}}`
  return `(& { $t = [hashtable]::new(); ${pairs.map(([key, value]) => `$t[${key}] = ${value}; `).join('')}$t })`
}

const isAscii = (key: string) => /^[ -~]*$/.test(key)
const lower = (key: string) => key.toLowerCase()

/** PowerShell 7: https://learn.microsoft.com/powershell/scripting/lang-spec/chapter-02 */
export const powershell = defineLanguage({
  language: 'powershell',
  comment: ['# ', ''],
  // §2.3.2
  name: /^\p{L}[\p{L}\p{Nd}_]*$/u,
  ignoresCase: true,
  // about_Automatic_Variables and about_Preference_Variables, in lower case: read-only, or the shell acts on them.
  reserved: words(
    'args confirmpreference consolefilename debugpreference enabledexperimentalfeatures error erroractionpreference',
    'errorview event eventargs eventsubscriber executioncontext false foreach formatenumerationlimit home host',
    'informationpreference input iscoreclr islinux ismacos iswindows lastexitcode logcommandhealthevent',
    'logcommandlifecycleevent logenginehealthevent logenginelifecycleevent logproviderhealthevent',
    'logproviderlifecycleevent matches maximumhistorycount myinvocation nestedpromptlevel null ofs outputencoding pid',
    'profile progresspreference psboundparameters pscmdlet pscommandpath psculture psdebugcontext',
    'psdefaultparametervalues psedition psemailserver pshome psitem psmoduleautoloadingpreference',
    'psnativecommandargumentpassing psnativecommanduseerroractionpreference psscriptroot pssenderinfo',
    'pssessionapplicationname pssessionconfigurationname pssessionoption psstyle psuiculture psversiontable pwd sender',
    'shellid stacktrace switch this transcript true verbosepreference warningpreference whatifpreference',
  ),
  literals: {
    null: '$Null',
    true: '$True',
    false: '$False',
    nan: '[double]::NaN',
    infinity: '[double]::PositiveInfinity',
    minusInfinity: '[double]::NegativeInfinity',
    integer,
    float: (_, repr) => repr,
    string,
    list,
    dict,
  },
  assign: (name, literal) => `$${name} = ${literal}`,
})

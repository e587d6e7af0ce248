import { isObject, JsonNumber, type JsonValue, pythonNumber } from '../json.ts'
import { defineLanguage, words } from './language.ts'
import { refuse } from './refuse.ts'

/**
 * A word, quoted as Python's `shlex.quote` does. Control characters and line separators would be keys or line ends to
 * the terminal that the Jupyter kernel of bash types into: those are written in bytes, `$'\012'`, whatever the locale.
 */
function string(text: string): string {
  if (text.includes('\0')) refuse('A string in bash cannot hold the character NUL (U+0000).')
  if (!text.isWellFormed()) refuse('A string in bash cannot hold half of a surrogate pair.')
  if (/[\p{Cc}\u2028\u2029]/u.test(text)) return `$'${text.replace(/[\p{Cc}\u2028\u2029'\\!]/gu, bytes)}'`
  if (/^[\w@%+=:,./-]+$/.test(text)) return text
  return `'${text.replaceAll("'", `'"'"'`)}'`
}

function bytes(char: string): string {
  return [...new TextEncoder().encode(char)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
}

/** Bash has flat arrays of strings: what lies deeper is JSON text on one line, as jq reads it. */
function json(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(json).join(', ')}]`
  if (isObject(value))
    return `{${[...value].map(([key, member]) => `${JSON.stringify(key)}: ${json(member)}`).join(', ')}}`
  return value instanceof JsonNumber ? pythonNumber(value.raw) : JSON.stringify(value)
}

/** Bash: https://www.gnu.org/software/bash/manual/bash.html */
export const bash = defineLanguage({
  language: 'bash',
  comment: ['# ', ''],
  // §2, "name"
  name: /^[A-Za-z][A-Za-z0-9_]*$/,
  // §3.2 reserved words, and §5: variables that are read-only or that the shell acts on.
  reserved: words(
    'case coproc do done elif else esac fi for function if in select then time until while',
    'BASH BASHOPTS BASHPID BASH_ALIASES BASH_ARGC BASH_ARGV BASH_ARGV0 BASH_CMDS BASH_COMMAND BASH_COMPAT BASH_ENV',
    'BASH_EXECUTION_STRING BASH_LINENO BASH_LOADABLES_PATH BASH_MONOSECONDS BASH_REMATCH BASH_SOURCE BASH_SUBSHELL',
    'BASH_TRAPSIG BASH_VERSINFO BASH_VERSION BASH_XTRACEFD CDPATH CHILD_MAX COLUMNS COMP_CWORD COMP_KEY COMP_LINE',
    'COMP_POINT COMP_TYPE COMP_WORDBREAKS COMP_WORDS COMPREPLY COPROC DIRSTACK EMACS ENV EPOCHREALTIME EPOCHSECONDS',
    'EUID EXECIGNORE FCEDIT FIGNORE FUNCNAME FUNCNEST GLOBIGNORE GLOBSORT GROUPS HISTCMD HISTCONTROL HISTFILE',
    'HISTFILESIZE HISTIGNORE HISTSIZE HISTTIMEFORMAT HOME HOSTFILE HOSTNAME HOSTTYPE IFS IGNOREEOF INPUTRC INSIDE_EMACS',
    'LANG LC_ALL LC_COLLATE LC_CTYPE LC_MESSAGES LC_NUMERIC LC_TIME LINENO LINES MACHTYPE MAIL MAILCHECK MAILPATH',
    'MAPFILE OLDPWD OPTARG OPTERR OPTIND OSTYPE PATH PIPESTATUS POSIXLY_CORRECT PPID PROMPT_COMMAND PROMPT_DIRTRIM PS0',
    'PS1 PS2 PS3 PS4 PWD RANDOM READLINE_ARGUMENT READLINE_LINE READLINE_MARK READLINE_POINT REPLY SECONDS SHELL',
    'SHELLOPTS SHLVL SRANDOM TERM TIMEFORMAT TMOUT TMPDIR UID auto_resume histchars',
  ),
  literals: {
    null: '',
    true: 'true',
    false: 'false',
    nan: 'nan',
    infinity: 'inf',
    minusInfinity: '-inf',
    integer: String,
    float: (_, repr) => repr,
    string,
    // A word of its own for each member: papermill's null would be none, so that the rest moved up.
    list: (items, write) =>
      `(${items.map((item) => (item === null ? "''" : isNested(item) ? string(json(item)) : write(item))).join(' ')})`,
    dict: (entries) => string(json(entries)),
  },
  assign: (name, literal) => `${name}=${literal}`,
})

function isNested(value: JsonValue): boolean {
  return Array.isArray(value) || isObject(value)
}

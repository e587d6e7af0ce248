/** Texts that lead a browser, a proxy or a file system elsewhere, in every way of writing them that somebody decodes. */
const AWAY = [
  'https://evil.example',
  'https:evil.example',
  'https:/\\evil.example',
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '\\/evil.example',
  '/\t/evil.example',
  '\t//evil.example',
  '/\r\n/evil.example',
  '//evil.example@127.0.0.1',
  '//127.0.0.1@evil.example',
  '//127.0.0.1:80#@evil.example',
  '//127.0.0.1%00.evil.example',
  '.evil.example',
  '@evil.example',
  ':@evil.example',
  ';//evil.example',
  '?//evil.example',
  '#//evil.example',
  '..//evil.example',
  '/..//evil.example',
  '/.//evil.example',
  '\u3000//evil.example',
  '\uff0f\uff0fevil.example',
  '//evil\u3002example',
  'javascript:alert(1)//',
  'data:text/html,<script>alert(1)</script>',
  '\0//evil.example',
]

const UP = [
  '..',
  '../',
  '../../../../../../etc/passwd',
  '/etc/passwd',
  '//etc/passwd',
  '..\\..\\..\\etc\\passwd',
  '....//....//etc/passwd',
  '..;/..;/etc/passwd',
  './.././../package.json',
  '.%2e/package.json',
  '../package.json\0.svg',
  'style.css/../../app.ts',
  '\uff0e\uff0e/package.json',
  '..\u2215package.json',
  '..\u2044package.json',
  '.git/config',
  'e\u0301/../../package.json',
  '\u00e9/../../package.json',
  'a'.repeat(1024),
  '../'.repeat(400),
]

/** `%2f` is written by hand, since `encodeURIComponent` leaves the dots alone that matter here. */
const byte = (value: number) => `%${value.toString(16).padStart(2, '0')}`
const utf8 = (text: string) => [...Buffer.from(text)]
const all = (text: string) => utf8(text).map(byte).join('')
const unsafe = (text: string) =>
  utf8(text)
    .map((value) =>
      /[A-Za-z0-9._~:@/-]/.test(String.fromCharCode(value)) ? String.fromCharCode(value) : byte(value),
    )
    .join('')

/** Raw bytes that no request line may hold are encoded in any case: the others are tried in test/security/requests.test.ts. */
const ENCODINGS: ReadonlyArray<(text: string) => string> = [
  unsafe,
  encodeURIComponent,
  all,
  (text) => all(text).toUpperCase(),
  (text) => encodeURIComponent(encodeURIComponent(text)),
  (text) => all(text).replaceAll('%', '%25'),
  // Overlong UTF-8, and IIS's own: no decoder may take them for a dot and a slash.
  (text) => unsafe(text).replaceAll('.', '%c0%ae').replaceAll('/', '%c0%af'),
  (text) => unsafe(text).replaceAll('.', '%u002e').replaceAll('/', '%u002f'),
]

function written(texts: readonly string[]): readonly string[] {
  return [...new Set(texts.flatMap((text) => ENCODINGS.map((encode) => encode(text))))]
}

/** As they may stand in a request line. */
export const leadingAway = written(AWAY)
export const climbing = written(UP)

/** Line ends in every spelling, followed by a header that must not come to be. */
export const breakingLines = ['\r\n', '\n', '\r', '\u2028', '\u0085', '\u560d\u560a', '\0'].flatMap((end) =>
  [encodeURIComponent, all, (text: string) => encodeURIComponent(encodeURIComponent(text))].map((encode) =>
    encode(`x${end}x-injected: 1${end}set-cookie: injected=1${end}${end}<b>`),
  ),
)

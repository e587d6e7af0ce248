/** What papermill writes of a value in a language (or the error it raises), and what is written here instead. */
export interface Difference {
  readonly language: string
  /** As JSON text. */
  readonly value: string
  readonly papermill: string
  /** The assignment, or the beginning of the sentence with which the value is refused. */
  readonly ours: string
}

const row = (language: string, value: string, papermill: string, ours: string): Difference => ({
  language,
  value,
  papermill,
  ours,
})

/** By the names in the last column of docs/papermill-injection.md. */
export const DIFFERENCES: Readonly<Record<string, readonly Difference[]>> = {
  'float overflow': [row('python', '1e400', "x = float('inf')", '1e400 is larger than a 64-bit float')],
  'very long integers': [
    row('python', `1${'0'.repeat(4300)}`, 'ValueError', 'An integer may have at most 4300 digits'),
  ],
  'deep nesting': [
    row(
      'python',
      `${'['.repeat(101)}${']'.repeat(101)}`,
      `x = ${'['.repeat(101)}${']'.repeat(101)}`,
      'Lists and objects',
    ),
  ],
  'not a number': [
    row('r', '[NaN, Infinity, -Infinity]', 'x = list(nan, inf, -inf)', 'x = list(NaN, Inf, -Inf)'),
    row('scala', 'NaN', 'val x = nan', 'val x = Double.NaN'),
    row('scala', '-Infinity', 'val x = -inf', 'val x = Double.NegativeInfinity'),
    row('julia', '[NaN, Infinity, -Infinity]', 'x = [nan, inf, -inf]', 'x = [NaN, Inf, -Inf]'),
    row('csharp', 'NaN', 'var x = nan;', 'var x = double.NaN;'),
    row('csharp', 'Infinity', 'var x = inf;', 'var x = double.PositiveInfinity;'),
    row('fsharp', '[1.0, -Infinity]', 'let x = [ 1.0; -inf ]', 'let x = [ 1.0; -infinity ]'),
  ],
  'characters up to U+00FF': [
    row('r', '"é日"', 'x = "\\xe9\\u65e5"', 'x = "\\u00e9\\u65e5"'),
    row('r', '"a\\u0007"', 'x = "a\\x07"', 'x = "a\\u0007"'),
    row('scala', '"é"', 'val x = "\\xe9"', 'val x = "\\u00e9"'),
    row('julia', '"é"', 'x = "\\xe9"', 'x = "\\u00e9"'),
    row('csharp', '"éa1"', 'var x = "\\xe9a1";', 'var x = "\\u00e9a1";'),
  ],
  'characters beyond U+FFFF': [row('scala', '"😀"', 'val x = "\\U0001f600"', 'val x = "\\ud83d\\ude00"')],
  'code in strings': [
    row('julia', '"$(run(x)) $HOME"', 'x = "$(run(x)) $HOME"', 'x = "\\$(run(x)) \\$HOME"'),
    row('powershell', '"$(calc) $x"', '$x = "$(calc) $x"', '$x = "`$(calc) `$x"'),
  ],
  'strings without C escapes': [
    row('powershell', '"x`"', '$x = "x`"', '$x = "x``"'),
    row('powershell', '"C:\\\\tmp\\\\"', '$x = "C:\\\\tmp\\\\"', '$x = "C:\\tmp\\"'),
    row('powershell', '"a\\nb\\u0000“é"', '$x = "a\\nb\\x00\\u201c\\xe9"', '$x = "a`nb`0`u{201c}`u{e9}"'),
    row('matlab', '"C:\\\\tmp"', 'x = "C:\\\\tmp";', 'x = "C:\\tmp";'),
    row('matlab', '"a\\nb"', 'x = "a\\nb";', 'x = "a" + char(10) + "b";'),
    row('matlab', '"é\\r\\n"', 'x = "\\xe9\\r\\n";', 'x = "é" + char([13, 10]);'),
    row(
      'matlab',
      '{"é\\n": 1}',
      "x = containers.Map({'\\xe9\\n'}, {1});",
      "x = containers.Map({['é', char(10)]}, {1});",
    ),
  ],
  'strings that cannot be held': [
    row('r', '"a\\u0000"', 'x = "a\\x00"', 'A string in R cannot hold the character NUL'),
    row('r', '"\\ud800"', 'x = "\\ud800"', 'A string in R cannot hold half of a surrogate pair'),
    row('bash', '"a\\u0000"', "x='a\0'", 'A string in bash cannot hold the character NUL'),
    row('bash', '"\\ud800"', "x='\ud800'", 'A string in bash cannot hold half of a surrogate pair'),
  ],
  'long strings': [
    row(
      'r',
      `"${'日'.repeat(6000)}"`,
      `x = "${'\\u65e5'.repeat(6000)}"`,
      `x = paste0("${'\\u65e5'.repeat(5000)}", "${'\\u65e5'.repeat(1000)}")`,
    ),
    row(
      'scala',
      `"${'a'.repeat(30_000)}"`,
      `val x = "${'a'.repeat(30_000)}"`,
      `val x = Seq("${'a'.repeat(20_000)}", "${'a'.repeat(10_000)}").mkString`,
    ),
  ],
  'integers beyond the largest': [
    row(
      'r',
      '9007199254740993',
      'x = 9007199254740993',
      'R holds whole numbers exactly up to 9007199254740992',
    ),
    row(
      'scala',
      '9223372036854775808',
      'val x = 9223372036854775808L',
      'val x = BigInt("9223372036854775808")',
    ),
    row('matlab', '9007199254740993', 'x = 9007199254740993;', 'x = 0x0020000000000001s64;'),
    row('matlab', '18446744073709551615', 'x = 18446744073709551615;', 'x = 0xffffffffffffffffu64;'),
    row(
      'matlab',
      '18446744073709551616',
      'x = 18446744073709551616;',
      "MATLAB's integers have at most 64 bits",
    ),
    row(
      'matlab',
      '{"a": 9007199254740993}',
      "x = containers.Map({'a'}, {9007199254740993});",
      "x = containers.Map({'a'}, {0x0020000000000001s64}, 'UniformValues', false);",
    ),
    row(
      'csharp',
      '9223372036854775808',
      'var x = 9223372036854775808L;',
      'var x = System.Numerics.BigInteger.Parse("9223372036854775808");',
    ),
    row('fsharp', '9223372036854775808', 'let x = 9223372036854775808L', 'let x = 9223372036854775808I'),
    row(
      'powershell',
      '9223372036854775808',
      '$x = 9223372036854775808',
      '$x = [bigint]::Parse("9223372036854775808")',
    ),
  ],
  'floats of many digits': [
    row('r', '0.30000000000000004', 'x = 0.30000000000000004', 'x = 0x1.3333333333334p-2'),
    row('r', '5e-324', 'x = 5e-324', 'x = 0x0.0000000000001p-1022'),
  ],
  null: [
    row('matlab', '[null]', 'x = {NaN};', 'x = {[]};'),
    row('csharp', 'null', 'NotImplementedError', 'var x = (object)null;'),
    row('bash', '["a", null, "b"]', 'x=(a  b)', "x=(a '' b)"),
  ],
  'lists of several types': [
    row(
      'scala',
      '[9007199254740993, 0.5]',
      'val x = Seq(9007199254740993L, 0.5)',
      'val x = Seq[Any](9007199254740993L, 0.5)',
    ),
    row('julia', '[true, 2]', 'x = [true, 2]', 'x = Any[true, 2]'),
    row('julia', '[9007199254740993, 0.5]', 'x = [9007199254740993, 0.5]', 'x = Any[9007199254740993, 0.5]'),
    row('julia', '[[true], [2]]', 'x = [[true], [2]]', 'x = Any[[true], [2]]'),
    row('csharp', '[1, "a"]', 'var x = new [] { 1, "a" };', 'var x = new object[] { 1, "a" };'),
    row('csharp', '[]', 'var x = new [] {  };', 'var x = new object[] {  };'),
    row(
      'fsharp',
      '[1, "a", -2, null]',
      'let x = [ 1; "a"; -2; None ]',
      'let x = [ box 1; box "a"; box (-2); null ]',
    ),
    row('fsharp', '[1, 3000000000]', 'let x = [ 1; 3000000000L ]', 'let x = [ 1L; 3000000000L ]'),
    row('fsharp', '[1, 2.5]', 'let x = [ 1; 2.5 ]', 'let x = [ 1.0; 2.5 ]'),
  ],
  'lists within lists': [
    row('powershell', '[[1, 2]]', '$x = @(@(1, 2))', '$x = @(,@(1, 2))'),
    row('bash', '[1, ["a", null]]', 'x=(1 (a ))', `x=(1 '["a", null]')`),
  ],
  'empty objects': [
    row('r', '{}', 'x = list()', 'x = structure(list(), names = character(0))'),
    row('matlab', '{}', 'x = containers.Map({}, {});', 'x = containers.Map();'),
    row(
      'fsharp',
      '{}',
      'let x = [  ] |> Map.ofList',
      'let x = (Map.empty : Map<string, System.IComparable>)',
    ),
  ],
  'odd keys': [
    row('r', '{"": 1}', 'x = list("" = 1)', 'x = structure(list(1), names = c(""))'),
    row(
      'powershell',
      '{"a": 1, "A": 2}',
      '$x = @{"a" = 1\n "A" = 2}',
      '$x = (& { $t = [hashtable]::new(); $t["a"] = 1; $t["A"] = 2; $t })',
    ),
  ],
  'objects in bash': [
    row(
      'bash',
      '{"a": [1, null], "b\'": "$(id)"}',
      'NotImplementedError',
      `x='{"a": [1, null], "b'"'"'": "$(id)"}'`,
    ),
  ],
  'control characters in bash': [
    row(
      'bash',
      '"it\'s\\n!x\\t\\u2028"',
      `x='it'"'"'s\n!x\t\u2028'`,
      "x=$'it\\047s\\012\\041x\\011\\342\\200\\250'",
    ),
  ],
}

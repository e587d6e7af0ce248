import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { command, debian, type Interpreter, inFolder, type Missing, outcomes } from './interpreter.ts'
import { parseShown, same } from './shown.ts'

const program = (folder: string, count: number) => `
1;
function r = show(v)
  if iscell(v)
    r = ['{"l":[' strjoin(cellfun(@show, v(:)', 'UniformOutput', false), ',') ']}'];
  elseif isa(v, 'containers.Map')
    k = keys(v); w = values(v); p = {};
    for i = 1:numel(k)
      p{i} = ['[' show(k{i}) ',' show(w{i}) ']'];
    end
    r = ['{"d":[' strjoin(p, ',') ']}'];
  elseif ischar(v)
    r = ['{"b":"' sprintf('%02x', double(v)) '"}'];
  elseif isempty(v)
    r = 'null';
  elseif islogical(v)
    if v, r = 'true'; else, r = 'false'; end
  elseif isinteger(v)
    r = ['{"i":"' strtrim(disp(v)) '"}'];
  else
    r = ['{"f":"' num2hex(v) '"}'];
  end
end
for cell_number = 0:${count - 1}
  clear x;
  try
    evalc(fileread(sprintf('${folder}/cell-%d.m', cell_number)));
    disp(show(x));
  catch e
    disp(['!' strrep(e.message, "\\n", ' ')]);
  end
end
`

/** GNU Octave reads MATLAB's language but for strings: between double quotes it knows escapes, and `+` adds numbers. */
export async function octave(): Promise<Interpreter | Missing> {
  const missing = await debian('octave-cli', 'octave')
  if (missing) return missing
  const version = /version ([\d.]+)/.exec((await command('octave-cli', ['--version'])).stdout)?.[1] ?? ''
  return {
    name: `GNU Octave ${version}`,
    isSame: same({ onlyFloats: true }),
    // Nor has it empty keys, and `do` and `until` are keywords of its own.
    canJudge: (literal) => !/^do$|^until$|\\|" \+ |char\(|[{ ]''[,}]/.test(literal),
    run: (cells) =>
      inFolder(async (folder) => {
        await Promise.all(cells.map((cell, at) => writeFile(join(folder, `cell-${at}.m`), cell)))
        await writeFile(join(folder, 'all.m'), program(folder, cells.length))
        const ended = await command('octave-cli', ['--no-gui', '--norc', '--quiet', join(folder, 'all.m')])
        return outcomes(ended.stdout, parseShown, cells.length)
      }),
  }
}

import { notebookOf, type SourceCell } from '../../test/support/notebook-folder.ts'

const NOTEBOOKS = 1_000
const PARAMETERS = `# A scene to look at
cog_url: str = "https://example.org/scene.tif"
# west, south, east, north
bbox: list[float] = [-4.5, 53.1, -4.4, 53.2]
year: int = 2024
cloud: float = 0.2
title = "Coast"
whole: bool = False`

/** A catalogue as a large platform has it. */
export function thousandNotebooks(): Readonly<Record<string, string>> {
  const names = Array.from({ length: NOTEBOOKS }, (_, index) => `notebook-${index}`)
  return Object.fromEntries(
    names.map((name, index) => [
      name,
      notebookOf([
        {
          markdown: `# Vegetation of area ${index}\n\nHow green it is, by the red and the near infrared of a scene.`,
        },
        { parameters: PARAMETERS },
        'print(cog_url, bbox, year, cloud, title, whole)',
      ]),
    ]),
  )
}

export const TICKING = 'ticking'
export const TICKS = 80
/** Says when it says it. The page is there before it begins. */
export const tickingNotebook = (): string =>
  notebookOf([
    `import time
time.sleep(5)
for number in range(${TICKS}):
    print(f"sent {time.time():.4f}", flush=True)
    time.sleep(0.2)`,
  ])

export const LONG = 'long'
const CELLS = 5_000
const PICTURE = `import base64, struct, zlib
from IPython.display import HTML, Image, display
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
rows = b"".join(b"\\0" + bytes((x * y + shade) % 256 for x in range(320)) for shade in [7] for y in range(200))
picture = (b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 320, 200, 8, 0, 0, 0, 0))
  + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))`

/** Text, printed lines, values, tables and pictures, as long notebooks have them. */
export const longNotebook = (): string =>
  notebookOf(Array.from({ length: CELLS }, (_, index) => (index === 0 ? PICTURE : cell(index))))

function cell(index: number): SourceCell {
  if (index % 10 === 1) return { markdown: `## Step ${index}\n\nWhat **follows** is *computed* from $x^2$.` }
  if (index % 20 === 5) return 'display(Image(picture))'
  if (index % 20 === 15)
    return `display(HTML("<table>" + "".join(f"<tr><td>{n}</td><td>{n * n}</td></tr>" for n in range(8)) + "</table>"))`
  if (index % 3 === 0) return `for n in range(6):\n    print("step ${index}, line", n)`
  return `value = ${index} ** 2\nvalue`
}

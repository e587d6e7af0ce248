import { readFigures } from './scale/figures.ts'
import { scalePage } from './scale/page.ts'

// From what `npm run bench -- scale` measured, what more people and runs need: npm run scale
process.stdout.write(`${scalePage(await readFigures())}\n`)

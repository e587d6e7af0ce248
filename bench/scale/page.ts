import type { Figures } from './figures.ts'
import { limitsOf } from './limits.ts'
import { needsOf } from './needs.ts'
import { figuresTables, limitsTable, needsTable } from './tables.ts'

const PEOPLE = [10, 1_000, 10_000, 100_000]

/** The tables of docs/scale.md. */
export const scalePage = (figures: Figures): string =>
  [
    figuresTables(figures),
    'What so many people need in the busiest hour:',
    needsTable(
      PEOPLE.map((people) => needsOf(people, figures)),
      figures,
    ),
    'From how many people on what is reached:',
    limitsTable(limitsOf(figures)),
  ].join('\n\n')

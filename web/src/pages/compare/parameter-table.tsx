import { Table } from '@mantine/core'
import type { Job } from '../../api/jobs.ts'
import { valueText } from '../../form/list-texts.ts'

/** What both runs were given; where they differ, it is marked and said. */
export function ParameterTable({ left, right }: { readonly left: Job; readonly right: Job }) {
  const names = [...new Set([...Object.keys(left.parameters), ...Object.keys(right.parameters)])]
  if (names.length === 0) return <p>They have none.</p>
  return (
    <div className="compare-scroll">
      <Table aria-label="Parameters">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Name</Table.Th>
            <Table.Th scope="col">Left</Table.Th>
            <Table.Th scope="col">Right</Table.Th>
            <Table.Th scope="col">
              <span className="hidden">Difference</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {names.map((name) => {
            const texts = [left, right].map(({ parameters }) => textOf(parameters[name]))
            const differs = texts[0] !== texts[1]
            return (
              <Table.Tr key={name} data-differs={differs}>
                <Table.Th scope="row">{name}</Table.Th>
                <Table.Td className="compare-value">{texts[0]}</Table.Td>
                <Table.Td className="compare-value">{texts[1]}</Table.Td>
                <Table.Td>{differs && 'differs'}</Table.Td>
              </Table.Tr>
            )
          })}
        </Table.Tbody>
      </Table>
    </div>
  )
}

const textOf = (value: unknown): string =>
  value === undefined || value === null ? 'not given' : valueText(value)

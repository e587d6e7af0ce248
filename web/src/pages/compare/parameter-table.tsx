import { Table } from '@mantine/core'
import type { Comparison } from '../../api/compare.ts'
import { givenText } from '../../components/value-text.ts'

/** What both runs were given; where they differ, it is marked and said. */
export function ParameterTable({ parameters }: Pick<Comparison, 'parameters'>) {
  if (parameters.length === 0) return <p>They have none.</p>
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
          {parameters.map(({ name, left, right, differs }) => (
            <Table.Tr key={name} data-differs={differs}>
              <Table.Th scope="row">{name}</Table.Th>
              <Table.Td className="compare-value">{givenText(left)}</Table.Td>
              <Table.Td className="compare-value">{givenText(right)}</Table.Td>
              <Table.Td>{differs && 'differs'}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  )
}

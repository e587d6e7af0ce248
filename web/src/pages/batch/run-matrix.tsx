import { Title } from '@mantine/core'
import type { MatrixTable } from './matrix.ts'
import { RunCell } from './run-cell.tsx'

/** Runs by the values of one or two inputs. */
export function RunMatrix({ table }: { readonly table: MatrixTable }) {
  const { shared, rowName, columnName, columns, rows } = table
  const heading = shared.map(([name, value]) => `${name} = ${value}`).join(', ')
  const label = rowName === undefined ? `Runs by ${columnName}` : `Runs by ${rowName} and ${columnName}`
  return (
    <section>
      {heading !== '' && (
        <Title order={2} size="h4" mb="xs">
          {heading}
        </Title>
      )}
      <section className="batch-scroll" aria-label={heading === '' ? label : `${label}, ${heading}`}>
        <table className="batch-matrix">
          <thead>
            {rowName !== undefined && (
              <tr>
                <th scope="col">{rowName}</th>
                <th scope="colgroup" colSpan={columns.length} className="batch-over">
                  {columnName}
                </th>
              </tr>
            )}
            <tr>
              {rowName === undefined ? <th scope="row">{columnName}</th> : <td />}
              {columns.map((column) => (
                <th key={column} scope="col" className="batch-value">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ value, runs }) => (
              <tr key={value}>
                {rowName === undefined ? (
                  <td />
                ) : (
                  <th scope="row" className="batch-value">
                    {value}
                  </th>
                )}
                {runs.map((run, index) => (
                  <td key={run?.jobID ?? columns[index]}>{run !== undefined && <RunCell run={run} />}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  )
}

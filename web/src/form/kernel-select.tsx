import { NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { kernelsQuery } from '../api/processes.ts'
import { type LinkQuery, textsOf, withTexts } from './link-query.ts'

interface KernelSelectProps {
  readonly id: string
  readonly query: LinkQuery
  readonly onQuery: (query: LinkQuery) => void
  readonly error: string | undefined
  /** The server that has the kernels is being started. */
  readonly serverStarts: boolean
}

/** The kernels that there are, with their languages; those that can't read the notebook say so. */
export function KernelSelect({ id, query, onQuery, error, serverStarts }: KernelSelectProps) {
  const [workspace] = textsOf(query, '_workspace')
  const { data } = useQuery({
    ...kernelsQuery(id, workspace),
    // Those of a server that starts are known once it is up.
    refetchInterval: serverStarts ? 2_000 : false,
  })
  const [chosen = ''] = textsOf(query, '_kernel')
  if (data === undefined && chosen === '') return null
  const { kernels = [], own, language = '' } = data ?? {}
  const missing = own !== undefined && kernels.length > 0 && kernels.every(({ name }) => name !== own)
  const choices = kernels.map(({ name, displayName, language: reads, suits }) => ({
    value: name,
    label: `${displayName} (${reads})${suits ? '' : `: cannot read a notebook in ${language}`}`,
    disabled: !suits,
  }))
  const known = chosen === '' || choices.some(({ value }) => value === chosen)
  return (
    <NativeSelect
      data-input="_kernel"
      label="Kernel"
      description={missing ? `The notebook asks for ${own}, which is not here: choose another one.` : ''}
      error={error ?? false}
      value={chosen}
      onChange={({ currentTarget: { value } }) =>
        onQuery(withTexts(query, '_kernel', value === '' ? [] : [value]))
      }
      data={[
        { value: '', label: own === undefined ? 'The notebook’s own' : `The notebook’s own: ${own}` },
        ...choices,
        ...(known ? [] : [chosen]),
      ]}
    />
  )
}

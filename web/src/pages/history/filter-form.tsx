import { Button, Group, NativeSelect, Pill, TextInput } from '@mantine/core'
import { type FormEvent, useEffect, useState } from 'react'
import { isEnded, RUN_STATES } from '../../api/jobs.ts'
import { STATE_WORDS } from '../../components/state-badge.tsx'
import { type FilterFields, fieldsOf, others, queryOf } from './filter-fields.ts'

const LIVE = RUN_STATES.filter((state) => !isEnded(state)).join(',')
const STATES = [
  { value: '', label: 'Any' },
  { value: LIVE, label: 'Not ended yet' },
  ...RUN_STATES.map((state) => ({ value: state, label: STATE_WORDS[state] })),
]
const SORTS = [
  { value: '', label: 'Newest first' },
  { value: 'oldest', label: 'Oldest first' },
  { value: 'longest', label: 'Longest first' },
  { value: 'shortest', label: 'Shortest first' },
]

interface FilterFormProps {
  /** Of the page's address, which the fields follow. */
  readonly query: URLSearchParams
  readonly onQuery: (query: URLSearchParams) => void
}

/** Which runs are shown, and in which order. */
export function FilterForm({ query, onQuery }: FilterFormProps) {
  const [fields, setFields] = useState(() => fieldsOf(query))
  const [open, setOpen] = useState(false)
  useEffect(() => setFields(fieldsOf(query)), [query])
  const show = (wanted: FilterFields) => {
    const made = queryOf(wanted, query)
    if (made.toString() !== query.toString()) onQuery(made)
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    show(fields)
  }
  const text = (name: keyof FilterFields) => ({
    value: fields[name],
    onChange: ({ currentTarget: { value } }: { currentTarget: { value: string } }) =>
      setFields({ ...fields, [name]: value }),
  })
  // A choice is made at once; a text when it is written.
  const choice = (name: keyof FilterFields) => ({
    value: fields[name],
    onChange: ({ currentTarget: { value } }: { currentTarget: { value: string } }) => {
      const wanted = { ...fields, [name]: value }
      setFields(wanted)
      show(wanted)
    },
  })
  const more = others(query)
  const { sort, ...filters } = fieldsOf(query)
  const count = Object.values(filters).filter((value) => value !== '').length + more.length
  return (
    <form onSubmit={submit} className="history-filter" data-open={open} aria-label="Filter">
      <Button
        variant="default"
        hiddenFrom="sm"
        onClick={() => setOpen(!open)}
        aria-expanded={open}
        className="history-filter-opener"
      >
        Filter and sort{count > 0 && ` (${count})`}
      </Button>
      <div className="history-filter-fields">
        <TextInput label="Notebook" placeholder="its id" {...text('processID')} autoComplete="off" />
        <NativeSelect label="State" data={withGiven(STATES, fields.state)} {...choice('state')} />
        <TextInput label="Person" {...text('owner')} autoComplete="off" />
        <NativeSelect label="Order" data={withGiven(SORTS, fields.sort)} {...choice('sort')} />
        <TextInput label="From" type="date" {...choice('from')} />
        <TextInput label="To" type="date" {...choice('to')} />
        <TextInput label="Parameter" placeholder="year" {...text('name')} autoComplete="off" />
        <TextInput label="with value" placeholder="2024" {...text('value')} autoComplete="off" />
        <Group gap="xs" align="flex-end">
          <Button type="submit" variant="default">
            Show
          </Button>
          {count + (sort === '' ? 0 : 1) > 0 && (
            <Button variant="subtle" onClick={() => onQuery(new URLSearchParams())}>
              Clear
            </Button>
          )}
        </Group>
      </div>
      {more.length > 0 && (
        <Group gap="xs" mt="xs">
          {more.map(([name, value]) => (
            <Pill
              key={`${name} ${value}`}
              withRemoveButton
              removeButtonProps={{
                'aria-label': `Without ${name} ${value}`,
                'aria-hidden': false,
                tabIndex: 0,
              }}
              onRemove={() => {
                const rest = new URLSearchParams(query)
                rest.delete(name, value)
                rest.delete('cursor')
                onQuery(rest)
              }}
            >
              {name}: {value}
            </Pill>
          ))}
        </Group>
      )}
    </form>
  )
}

/** What stands in the address is among the choices, whatever it is: the server says what is wrong with it. */
const withGiven = (choices: readonly { value: string; label: string }[], given: string) =>
  choices.some(({ value }) => value === given) ? [...choices] : [...choices, { value: given, label: given }]

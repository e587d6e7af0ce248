import { SimpleGrid, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Me } from '../api/me.ts'
import { CHOICES, limitText } from '../components/limit-words.ts'
import { type LinkQuery, textsOf, withTexts } from './link-query.ts'

interface LimitFieldsProps {
  readonly limits: NonNullable<Me['limits']>
  readonly query: LinkQuery
  readonly onQuery: (query: LinkQuery) => void
  readonly faultOf: (control: string) => string | undefined
}

/** The limits of a run, to be chosen as far as the settings leave a choice. Out of the way until one is. */
export function LimitFields({ limits: { usual, most }, query, onQuery, faultOf }: LimitFieldsProps) {
  const offered = CHOICES.filter(({ name }) => most[name] !== undefined)
  const given = offered.filter(({ control }) => textsOf(query, control).length > 0)
  const [open, setOpen] = useState(given.length > 0)
  return (
    <details
      className="form-limits"
      open={open}
      onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
    >
      <summary>Limits{given.length > 0 && ` (${given.length} chosen)`}</summary>
      <SimpleGrid cols={{ base: 1, xs: 2 }} mt="xs">
        {offered.map((choice) => {
          const { name, control, label, unit } = choice
          const highest = most[name] ?? 0
          return (
            <TextInput
              key={name}
              data-input={control}
              label={`${label}, in ${unit}`}
              description={`${limitText(choice, highest)} (${highest}) at most`}
              error={faultOf(control)}
              inputMode="numeric"
              autoComplete="off"
              placeholder={usual[name] === undefined ? 'no limit of its own' : String(usual[name])}
              value={textsOf(query, control)[0] ?? ''}
              onChange={({ currentTarget: { value } }) =>
                onQuery(withTexts(query, control, value === '' ? [] : [value]))
              }
            />
          )
        })}
      </SimpleGrid>
    </details>
  )
}

import { ActionIcon, Button, Group, Input, Stack, Text } from '@mantine/core'
import { useId } from '@mantine/hooks'
import { type ReactNode, useState } from 'react'

interface RowsProps {
  readonly label: string
  readonly description: string
  readonly required: boolean
  readonly error: string | undefined
  /** What is given now. */
  readonly items: readonly string[]
  /** What is given of these rows: empty ones are not. */
  readonly written: (rows: readonly string[]) => readonly string[]
  readonly onRows: (rows: readonly string[]) => void
  readonly most: number | undefined
  readonly row: (text: string, onText: (text: string) => void, label: string) => ReactNode
}

/** Values that are added and removed one by one. Rows that are empty yet are kept here, for no link has them. */
export function Rows(props: RowsProps) {
  const { label, description, required, error, items, written, onRows, most, row } = props
  const id = useId()
  const [kept, setKept] = useState(items)
  const same = written(kept).join('\n') === written(items).join('\n')
  const shown = same ? kept : items
  const rows = shown.length === 0 ? [''] : shown
  function change(next: readonly string[]) {
    setKept(next)
    onRows(next)
  }
  return (
    <Input.Wrapper
      label={label}
      description={description}
      error={error ?? false}
      withAsterisk={required}
      labelElement="div"
      labelProps={{ id: `${id}-label` }}
    >
      <Stack role="group" aria-labelledby={`${id}-label`} gap="xs" mt={4}>
        {rows.map((text, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place, two may have the same text
          <Group key={index} wrap="nowrap" gap="xs" align="flex-start">
            <div className="form-row">
              {row(text, (value) => change(rows.with(index, value)), `${label}, ${index + 1}`)}
            </div>
            <ActionIcon
              variant="default"
              size={36}
              aria-label={`Remove ${label}, ${index + 1}`}
              disabled={rows.length === 1 && text === ''}
              onClick={() => change(rows.toSpliced(index, 1))}
            >
              <Text aria-hidden="true">×</Text>
            </ActionIcon>
          </Group>
        ))}
        <Button
          variant="default"
          size="xs"
          className="form-add"
          disabled={most !== undefined && rows.length >= most}
          onClick={() => change([...rows, ''])}
        >
          Add another
        </Button>
      </Stack>
    </Input.Wrapper>
  )
}

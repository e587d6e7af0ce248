import { Group, Input, TextInput } from '@mantine/core'
import { useId } from '@mantine/hooks'
import { type ControlProps, wrapperProps } from './control.tsx'

const DATES = /^(\d{4}-\d\d-\d\d|\.\.)?\/(\d{4}-\d\d-\d\d|\.\.)?$/

/** An interval by two dates, each of which may be open; one with times as a text. */
export function IntervalControl(props: ControlProps) {
  const { text, onText, required, error } = props
  const id = useId()
  if (text !== '' && !DATES.test(text))
    return (
      <TextInput
        {...wrapperProps(props)}
        aria-required={required}
        value={text}
        onChange={({ currentTarget: { value } }) => onText(value)}
      />
    )
  const [start = '', end = ''] = text.split('/').map((part) => (part === '..' ? '' : part))
  const write = (from: string, to: string) =>
    onText(from === '' && to === '' ? '' : `${from || '..'}/${to || '..'}`)
  return (
    <Input.Wrapper {...wrapperProps(props)} labelElement="div" labelProps={{ id: `${id}-label` }}>
      <Group role="group" aria-labelledby={`${id}-label`} grow mt={4}>
        <TextInput
          label="From"
          type="date"
          value={start}
          error={error !== undefined}
          onChange={({ currentTarget: { value } }) => write(value, end)}
        />
        <TextInput
          label="To"
          type="date"
          value={end}
          error={error !== undefined}
          onChange={({ currentTarget: { value } }) => write(start, value)}
        />
      </Group>
    </Input.Wrapper>
  )
}

import { NativeSelect, Slider, Stack, Textarea, TextInput } from '@mantine/core'
import { valueText } from '../components/value-text.ts'
import { type ControlProps, wrapperProps } from './control.tsx'
import { IntervalControl } from './interval-control.tsx'
import { UrlPreview } from './url-preview.tsx'

/** One value: a text, a number, a choice, a date. */
export function ScalarControl(props: ControlProps) {
  const { schema, text, onText, required } = props
  const input = {
    ...wrapperProps(props),
    'aria-required': required,
    value: text,
    autoComplete: 'off',
    onChange: (event: { readonly currentTarget: { readonly value: string } }) =>
      onText(event.currentTarget.value),
  }
  const choices = schema.enum?.map(valueText) ?? (schema.type === 'boolean' ? ['true', 'false'] : undefined)
  if (choices !== undefined) {
    const known = choices.includes(text) || text === '' ? choices : [text, ...choices]
    const data = [{ value: '', label: '—' }, ...known.map((choice) => ({ value: choice, label: choice }))]
    return <NativeSelect {...input} data={data} />
  }
  if (schema.type === 'object')
    return <Textarea {...input} autosize minRows={3} maxRows={12} classNames={{ input: 'form-mono' }} />
  switch (schema.format) {
    case 'date':
      // What is no date would not be seen in a picker.
      if (/^(\d{4}-\d\d-\d\d)?$/.test(text)) return <TextInput {...input} type="date" />
      return <TextInput {...input} />
    case 'date-time':
      return <DateTimeControl {...props} />
    case 'interval':
      return <IntervalControl {...props} />
    case 'uri':
    case 'stac-item':
      return (
        <div>
          <TextInput {...input} inputMode="url" placeholder={valueText(schema.examples?.[0])} />
          <UrlPreview url={text} />
        </div>
      )
    default:
      if (schema.type === 'number' || schema.type === 'integer') return <NumberControl {...props} />
      return <TextInput {...input} placeholder={valueText(schema.examples?.[0])} />
  }
}

function NumberControl(props: ControlProps) {
  const { schema, text, onText, label, required } = props
  const { minimum, maximum, type } = schema
  const input = (
    <TextInput
      {...wrapperProps(props)}
      aria-required={required}
      inputMode="decimal"
      autoComplete="off"
      value={text}
      onChange={({ currentTarget: { value } }) => onText(value)}
      placeholder={valueText(schema.examples?.[0])}
    />
  )
  if (minimum === undefined || maximum === undefined) return input
  const number = Number(text)
  return (
    <Stack gap={4}>
      {input}
      <Slider
        thumbLabel={`${label}, by a slider`}
        min={minimum}
        max={maximum}
        step={type === 'integer' ? 1 : (maximum - minimum) / 100}
        value={text === '' || Number.isNaN(number) ? minimum : number}
        onChange={(value) => onText(String(Number(value.toPrecision(12))))}
        label={null}
        size="sm"
      />
    </Stack>
  )
}

/** The picker is in UTC; a time with another offset is shown as it is written. */
function DateTimeControl(props: ControlProps) {
  const { text, onText, label, required } = props
  const [, picked] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)Z$/.exec(text) ?? []
  if (picked === undefined && text !== '')
    return (
      <TextInput
        {...wrapperProps(props)}
        aria-required={required}
        value={text}
        onChange={({ currentTarget: { value } }) => onText(value)}
      />
    )
  return (
    <TextInput
      {...wrapperProps({ ...props, label: `${label}, in UTC` })}
      aria-required={required}
      type="datetime-local"
      step={1}
      value={picked ?? ''}
      onChange={({ currentTarget: { value } }) =>
        onText(value === '' ? '' : `${value.length === 16 ? `${value}:00` : value}Z`)
      }
    />
  )
}

import { Input, SimpleGrid, TextInput } from '@mantine/core'
import { useId } from '@mantine/hooks'
import { shapeOfBox } from '../map/shape.ts'
import { type ControlProps, wrapperProps } from './control.tsx'
import { MapToggle } from './map-toggle.tsx'

const FLAT = ['West', 'South', 'East', 'North']
const WITH_HEIGHTS = ['West', 'South', 'Lowest', 'East', 'North', 'Highest']

/** A bounding box by its numbers, in degrees. All of them may be pasted into the first field. */
export function BboxControl(props: ControlProps) {
  const { schema, text, onText, label, error, footprints = [] } = props
  const id = useId()
  const given = text === '' ? [] : text.split(',').map((part) => part.trim())
  const names = schema.minItems === 6 || given.length === 6 ? WITH_HEIGHTS : FLAT
  function write(index: number, value: string) {
    const pasted = value.split(',').map((part) => part.trim())
    const parts =
      pasted.length > 1 ? pasted : names.map((_, at) => (at === index ? value : (given[at] ?? '')))
    onText(parts.every((part) => part === '') ? '' : parts.join(','))
  }
  return (
    <Input.Wrapper
      {...wrapperProps(props)}
      labelElement="div"
      labelProps={{ id: `${id}-label` }}
      errorProps={{ id: `${id}-error` }}
    >
      <SimpleGrid
        role="group"
        aria-labelledby={`${id}-label`}
        aria-describedby={error === undefined ? undefined : `${id}-error`}
        cols={{ base: 2, xs: names.length === 4 ? 4 : 3 }}
        spacing="xs"
        mt={4}
        mb="xs"
      >
        {names.map((name, index) => (
          <TextInput
            key={name}
            label={name}
            size="sm"
            inputMode="decimal"
            autoComplete="off"
            error={error !== undefined}
            value={given[index] ?? ''}
            onChange={({ currentTarget: { value } }) => write(index, value)}
          />
        ))}
      </SimpleGrid>
      {names === FLAT && (
        <MapToggle
          label={label}
          draws="box"
          shape={shapeOfBox(text)}
          footprints={footprints}
          onText={onText}
        />
      )}
    </Input.Wrapper>
  )
}

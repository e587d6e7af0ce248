import { Anchor, TextInput } from '@mantine/core'
import type { InputSchema } from '../api/processes.ts'
import type { Box } from '../map/shape.ts'
import { AreaControl } from './area-control.tsx'
import { BboxControl } from './bbox-control.tsx'
import './form.css'
import { valueText } from '../components/value-text.ts'
import { type LinkQuery, sweptNames, textsOf, withSwept, withTexts } from './link-query.ts'
import { readItems, writeItems } from './list-texts.ts'
import { Rows } from './rows.tsx'
import { ScalarControl } from './scalar-control.tsx'

interface FieldProps {
  readonly name: string
  readonly schema: InputSchema
  readonly required: boolean
  /** What it takes, in the server's words. */
  readonly expected: string
  readonly error: string | undefined
  readonly query: LinkQuery
  readonly onQuery: (query: LinkQuery) => void
  /** Whether runs are executed here: only then there are sweeps. */
  readonly executes: boolean
  readonly footprints: readonly Box[]
}

/** One input of the notebook, by whatever control suits it; or, in a sweep, its several values. */
export function Field(props: FieldProps) {
  const { name, schema, query, onQuery, executes } = props
  const swept = sweptNames(query).includes(name)
  const title = schema.title ?? name
  return (
    <div data-input={name} className="form-field">
      {swept ? <SweptField {...props} label={title} /> : <SingleField {...props} label={title} />}
      {executes && (
        <Anchor
          component="button"
          type="button"
          size="xs"
          className="form-sweep"
          onClick={() => onQuery(withSwept(query, name, !swept))}
        >
          {swept ? 'One value' : 'Several values'}
          <span className="hidden"> of {title}</span>
        </Anchor>
      )}
    </div>
  )
}

interface LabelledProps extends FieldProps {
  readonly label: string
}

function SingleField(props: LabelledProps) {
  const { name, schema, required, expected, error, query, onQuery, label, footprints } = props
  const given = textsOf(query, name)
  const fallback = schema['x-own-default'] ?? valueText(schema.default)
  const help = schema.description ?? `Expected: ${expected}`
  const description = `${help.replace(/[.\s]+$/, '')}.${fallback === '' ? '' : ` Default: ${fallback}`}`
  const common = { label, description, required, error }
  const write = (texts: readonly string[]) => onQuery(withTexts(query, name, texts))
  if (schema.type === 'array' && schema.format === undefined) {
    const texts = given.length > 0 ? given : [valueText(schema.default)]
    return (
      <Rows
        {...common}
        items={readItems(schema, texts)}
        written={(rows) => writeItems(schema, rows)}
        onRows={(rows) => write(writeItems(schema, rows))}
        most={schema.maxItems}
        row={(text, onText, rowLabel) => (
          <ScalarControl
            label={rowLabel}
            labelHidden
            description=""
            required={false}
            error={undefined}
            schema={schema.items ?? {}}
            text={text}
            onText={onText}
          />
        )}
      />
    )
  }
  // A name that is given with nothing has been emptied, and shows it.
  const text = given.length > 0 ? given.join(',') : valueText(schema.default)
  const control = { ...common, schema, text, onText: (value: string) => write([value]), footprints }
  if (schema.format === 'bbox') return <BboxControl {...control} />
  if (schema.format === 'geojson') return <AreaControl {...control} />
  return <ScalarControl {...control} />
}

/** The texts of the link as they are: commas and ranges are no value that another control could show. */
function SweptField({ name, schema, required, error, query, onQuery, label }: LabelledProps) {
  const ranges = schema.type === 'integer' || schema.format === 'date'
  return (
    <Rows
      label={`${label}: one run for each`}
      description={
        ranges
          ? 'Values with commas between them, ranges such as 2019..2024 among them; or one in each row.'
          : 'Values with commas between them, or one in each row.'
      }
      required={required}
      error={error}
      items={textsOf(query, name)}
      written={(rows) => rows.filter((text) => text !== '')}
      onRows={(rows) => onQuery(withTexts(query, name, rows))}
      most={undefined}
      row={(text, onText, rowLabel) => (
        <TextInput
          aria-label={rowLabel}
          value={text}
          autoComplete="off"
          onChange={({ currentTarget: { value } }) => onText(value)}
        />
      )}
    />
  )
}

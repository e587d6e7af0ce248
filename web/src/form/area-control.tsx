import { Button, FileButton, Group, Stack, Text, Textarea } from '@mantine/core'
import { useMemo, useState } from 'react'
import { type Drawing, drawingOf } from '../map/drawing.ts'
import { type ControlProps, wrapperProps } from './control.tsx'
import { MapToggle } from './map-toggle.tsx'

/** An area as GeoJSON: pasted, or a file that is dropped or chosen. */
export function AreaControl(props: ControlProps) {
  const { text, onText, label, description, required, footprints = [] } = props
  const [over, setOver] = useState(false)
  const drawing = useMemo(() => drawingOfText(text), [text])
  const read = (file: File | undefined | null) =>
    void file?.text().then((content) => onText(compact(content)))
  return (
    <Stack gap="xs">
      <Textarea
        {...wrapperProps({ ...props, description: `${description} Paste it, or drop a file.` })}
        aria-required={required}
        value={text}
        onChange={({ currentTarget: { value } }) => onText(value)}
        autosize
        minRows={3}
        maxRows={10}
        classNames={{ input: over ? 'form-mono form-drop' : 'form-mono' }}
        onDragOver={(event) => {
          event.preventDefault()
          setOver(true)
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault()
          setOver(false)
          read(event.dataTransfer.files[0])
        }}
      />
      <Group gap="xs">
        <FileButton onChange={read} accept=".json,.geojson,application/geo+json,application/json">
          {(props) => (
            <Button {...props} variant="default" size="xs">
              Choose a file
            </Button>
          )}
        </FileButton>
      </Group>
      <MapToggle
        label={label}
        draws="polygon"
        shape={drawing?.shape}
        footprints={footprints}
        onText={onText}
      />
      {drawing?.notes.map((note) => (
        <Text size="xs" c="dimmed" key={note}>
          {note}
        </Text>
      ))}
    </Stack>
  )
}

/** Undefined where it is no JSON yet; the server says what is wrong with it. */
function drawingOfText(text: string): Drawing | undefined {
  try {
    return drawingOf(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** Without blanks, which would make the link long; what is no JSON stays, and the server says what is wrong with it. */
function compact(content: string): string {
  try {
    return JSON.stringify(JSON.parse(content))
  } catch {
    return content
  }
}

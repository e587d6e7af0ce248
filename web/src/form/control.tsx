import type { InputSchema } from '../api/processes.ts'
import type { Box } from '../map/shape.ts'

/** What every control of the form gets. Values are texts as a link carries them: digits stay as they are written. */
export interface ControlProps {
  readonly label: string
  /** For who can't see it only: what is seen says it already. */
  readonly labelHidden?: boolean
  readonly description: string
  readonly required: boolean
  /** What is wrong with it; undefined where nothing is. */
  readonly error: string | undefined
  readonly schema: InputSchema
  readonly text: string
  readonly onText: (text: string) => void
  /** Where the images lie that the form names, to go by on a map. */
  readonly footprints?: readonly Box[]
}

/** The same for all inputs of Mantine. */
export function wrapperProps({ label, labelHidden = false, description, required, error }: ControlProps) {
  const optional = !required && <span className="form-quiet"> (optional)</span>
  return {
    ...(labelHidden
      ? { 'aria-label': label }
      : {
          label: (
            <>
              {label}
              {optional}
            </>
          ),
        }),
    description,
    error: error ?? false,
    withAsterisk: required,
  }
}

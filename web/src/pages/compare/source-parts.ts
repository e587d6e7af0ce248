import { diffLines } from 'diff'

/** Lines of a source; `isOnlyHere` where the other source has them not. */
export interface SourcePart {
  readonly text: string
  readonly isOnlyHere: boolean
}

/** Both sources in parts, by lines. */
export function sourceParts(
  left: string,
  right: string,
): { readonly left: readonly SourcePart[]; readonly right: readonly SourcePart[] } {
  const parts = diffLines(left, right, { maxEditLength: MAX_EDITS }) ?? [
    { value: left, removed: true, added: false },
    { value: right, removed: false, added: true },
  ]
  return {
    left: parts
      .filter(({ added }) => !added)
      .map(({ value, removed }) => ({ text: value, isOnlyHere: removed })),
    right: parts
      .filter(({ removed }) => !removed)
      .map(({ value, added }) => ({ text: value, isOnlyHere: added })),
  }
}

/** Sources that differ in more lines are marked as a whole. */
const MAX_EDITS = 1_000

/**
 * 8 hexadecimal digits, as papermill's ids of cells. They are no secret and need to be unlike those of one
 * notebook only; so they are not worth the time that it takes to load `node:crypto`.
 */
export function newId(): string {
  return Math.floor(Math.random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0')
}

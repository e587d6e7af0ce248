/** Whoever stores something has no right to it any more (`still` of `Storage.put`). The cause of a `storage-failed`. */
export class TooLate extends Error {
  constructor() {
    super('what was to be stored is out of date')
  }
}

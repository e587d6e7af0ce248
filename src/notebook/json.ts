/**
 * JSON without loss: numbers keep their text (`1.0`, `1e-07`, integers of any size), objects keep their order, and
 * names such as `__proto__` or `1` are names like any other, because objects are Maps.
 */
export class JsonNumber {
  /** The number as it was written; Python's `NaN`, `Infinity` and `-Infinity` are admitted too. */
  readonly raw: string

  constructor(raw: string) {
    this.raw = raw
  }
}

export type JsonObject = Map<string, JsonValue>
export type JsonValue = null | boolean | string | JsonNumber | JsonValue[] | JsonObject

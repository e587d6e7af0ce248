import { type Static, Type } from 'typebox'

const ParameterFault = Type.Object({
  name: Type.String(),
  fault: Type.Union([
    Type.Literal('unknown'),
    Type.Literal('missing'),
    Type.Literal('invalid'),
    Type.Literal('repeated'),
    Type.Literal('reserved'),
  ]),
  message: Type.String(),
  received: Type.Optional(Type.String()),
  expected: Type.Optional(Type.String()),
  nearest: Type.Optional(Type.String()),
})

/** A problem document (RFC 9457); `type` is one of a closed list: OGC's where it has one, else ours. */
export const Problem = Type.Object({
  type: Type.String({
    pattern:
      '^(urn:notebook-runner:problem:|http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/)[a-z-]+$',
  }),
  /** Ours, whatever the type is. */
  code: Type.String({ pattern: '^[a-z-]+$' }),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  requestId: Type.String(),
  errors: Type.Optional(Type.Array(ParameterFault)),
  choices: Type.Optional(Type.Array(Type.String())),
  nearest: Type.Optional(Type.String()),
  /** Where a browser signs in: `?return=` (a path below the service's root) is where it comes back to. */
  signIn: Type.Optional(Type.String({ format: 'uri' })),
  link: Type.Optional(Type.String()),
})
export type Problem = Static<typeof Problem>

const CLASSES = ['core', 'ogc-process-description', 'json', 'html', 'oas30', 'job-list', 'dismiss'] as const

/** The classes of OGC API – Processes, Part 1 (18-062r2) that the service conforms to: test/http/ogc tests each requirement. */
export const CONFORMS_TO: readonly string[] = CLASSES.map(
  (name) => `http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/${name}`,
)

const EXCEPTION = 'http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/'

/** What OGC calls some of our problems. All others have a type of our own. */
export const OGC_EXCEPTIONS: Readonly<Record<string, string>> = {
  'no-such-notebook': `${EXCEPTION}no-such-process`,
  'no-such-run': `${EXCEPTION}no-such-job`,
  'result-not-ready': `${EXCEPTION}result-not-ready`,
}

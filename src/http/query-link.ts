/** The same list under another page of it: `url` with the query of the request and what is changed of it. */
export function queryLink(
  url: string,
  query: URLSearchParams,
  change: Readonly<Record<string, string>> = {},
): string {
  const changed = new URLSearchParams(query)
  for (const [name, value] of Object.entries(change)) changed.set(name, value)
  return changed.size === 0 ? url : `${url}?${changed}`
}

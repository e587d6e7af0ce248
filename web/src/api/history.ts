import * as v from 'valibot'
import { ask } from './client.ts'
import { isEnded, type Job, jobSchema } from './jobs.ts'

const linkSchema = v.object({ rel: v.string(), href: v.string() })
const listSchema = v.object({ jobs: v.array(jobSchema), links: v.array(linkSchema) })

interface HistoryPage {
  readonly jobs: readonly Job[]
  /** For the page after this one. */
  readonly nextCursor: string | undefined
}

const PAGE = '50'
/** While something goes on; and where new runs would stand. */
const POLL_MS = { live: 2_000, still: 15_000 }

/** A page of the runs. @param search the query of the page's own address, which is the service's, too */
export function historyQuery(search: string) {
  const query = new URLSearchParams(search)
  if (!query.has('limit')) query.set('limit', PAGE)
  return {
    queryKey: ['history', query.toString()],
    queryFn: async ({ signal }: { signal: AbortSignal }): Promise<HistoryPage> => {
      const { jobs, links } = await ask(listSchema, `/jobs?${query}`, signal)
      const next = links.find(({ rel }) => rel === 'next')
      return {
        jobs,
        nextCursor:
          next === undefined ? undefined : (new URL(next.href).searchParams.get('cursor') ?? undefined),
      }
    },
    refetchInterval: ({ state }: { state: { data: HistoryPage | undefined } }) =>
      state.data?.jobs.some((job) => !isEnded(job.state)) === true ? POLL_MS.live : POLL_MS.still,
  }
}

import { Anchor, Checkbox, Group, Loader, Stack, Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useSearchParams } from 'react-router'
import { historyQuery } from '../api/history.ts'
import type { Job } from '../api/jobs.ts'
import { meQuery } from '../api/me.ts'
import { ProblemNotice } from '../components/problem-notice.tsx'
import { BulkBar, BulkOutcome } from './history/bulk-bar.tsx'
import { FilterForm } from './history/filter-form.tsx'
import type { ActionOutcome } from './history/run-actions.ts'
import { RunRow } from './history/run-row.tsx'
import './history/history.css'

/** `/jobs`: what ran. Its address is the query of the service, so that it can be kept, sent and gone back to. */
export default function HistoryPage() {
  useDocumentTitle('Runs · Notebook Runner')
  const [query, setQuery] = useSearchParams()
  const { data, error, refetch, isPlaceholderData } = useQuery({
    ...historyQuery(query.toString()),
    placeholderData: keepPreviousData,
  })
  const { data: me } = useQuery(meQuery)
  const client = useQueryClient()
  // Runs of other pages stay selected.
  const [selection, setSelection] = useState<ReadonlyMap<string, Job>>(new Map())
  const [outcome, setOutcome] = useState<ActionOutcome>()
  const jobs = data?.jobs ?? []
  const select = (chosen: readonly Job[], selected: boolean) =>
    setSelection((before) => {
      const after = new Map(before)
      for (const job of chosen) {
        if (selected) after.set(job.jobID, job)
        else after.delete(job.jobID)
      }
      return after
    })
  const done = (what: ActionOutcome) => {
    setOutcome(what)
    select(what.done, false)
    void client.invalidateQueries({ queryKey: ['history'] })
  }
  const current = new Map(jobs.map((job) => [job.jobID, job]))
  const selected = [...selection.values()].map((job) => current.get(job.jobID) ?? job)
  const showsOwner = jobs.some(({ owner }) => owner !== me?.user)
  const chosenHere = jobs.filter(({ jobID }) => selection.has(jobID)).length
  return (
    <Stack>
      <Title order={1}>Runs</Title>
      <FilterForm query={query} onQuery={setQuery} />
      {error !== null && <ProblemNotice error={error} onRetry={refetch} />}
      {outcome !== undefined && (
        <BulkOutcome outcome={outcome} onClose={() => setOutcome(undefined)} onDone={done} />
      )}
      {error === null && data === undefined && <Loader aria-label="Loading" />}
      {data !== undefined && jobs.length === 0 && (
        <Text role="status">
          {query.size === 0
            ? 'Nothing has run yet: choose a notebook, and run it.'
            : 'There are no such runs.'}
        </Text>
      )}
      {jobs.length > 0 && (
        <div className="history-list" data-stale={isPlaceholderData}>
          <div className="history-row history-head">
            <Checkbox
              checked={chosenHere === jobs.length}
              indeterminate={chosenHere > 0 && chosenHere < jobs.length}
              onChange={({ currentTarget: { checked } }) => select(jobs, checked)}
              aria-label="Select all on this page"
            />
            <span>Picture</span>
            <span>Notebook and parameters</span>
            <span>State</span>
            <span>Took</span>
            <span>Accepted</span>
          </div>
          <ul className="history-rows">
            {jobs.map((job) => (
              <RunRow
                key={job.jobID}
                job={job}
                selected={selection.has(job.jobID)}
                onSelect={(chosen) => select([job], chosen)}
                showsOwner={showsOwner}
              />
            ))}
          </ul>
        </div>
      )}
      <Pages query={query} nextCursor={data?.nextCursor} />
      <BulkBar selected={selected} onClear={() => setSelection(new Map())} onDone={done} />
    </Stack>
  )
}

function Pages({
  query,
  nextCursor,
}: {
  readonly query: URLSearchParams
  readonly nextCursor: string | undefined
}) {
  const address = (cursor?: string) => {
    const changed = new URLSearchParams(query)
    changed.delete('cursor')
    if (cursor !== undefined) changed.set('cursor', cursor)
    return `/jobs?${changed}`
  }
  return (
    <Group component="nav" aria-label="Pages">
      {query.has('cursor') && (
        <Anchor component={Link} to={address()}>
          First page
        </Anchor>
      )}
      {nextCursor !== undefined && (
        <Anchor component={Link} to={address(nextCursor)} rel="next" ml="auto">
          Next page
        </Anchor>
      )}
    </Group>
  )
}

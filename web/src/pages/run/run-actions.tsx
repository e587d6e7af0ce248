import { Button, CopyButton, Group, Text, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useNavigate } from 'react-router'
import { addressOf, segment } from '../../api/client.ts'
import { cancelJob, isEnded, type Job, jobQuery, rerunJob } from '../../api/jobs.ts'
import { type Me, meQuery } from '../../api/me.ts'
import { CHOICES } from '../../components/limit-words.ts'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { valueText } from '../../components/value-text.ts'

const VIEW = 'urn:notebook-runner:rel:view'
const FROM_FAILED = 'urn:notebook-runner:rel:rerun-from-failed'

interface Repeat {
  readonly from?: 'failed'
  readonly stopServer?: boolean
}

/** What can be done with a run. */
export function RunActions({ job }: { readonly job: Job }) {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const { data: me } = useQuery(meQuery)
  // One key for this page, so that a click that is repeated is the same run.
  const [key] = useState(() => crypto.randomUUID())
  const cancel = useMutation({
    mutationFn: () => cancelJob(job.jobID),
    onSuccess: (changed) => queries.setQueryData(jobQuery(job.jobID).queryKey, changed),
  })
  const rerun = useMutation({
    mutationFn: ({ from, stopServer = false }: Repeat) =>
      rerunJob(job.jobID, {
        idempotencyKey: `${key}${from ?? ''}`,
        stopServer,
        ...(from !== undefined && { from }),
      }),
    onSuccess: ({ jobID }) => navigate(`/jobs/${jobID}`),
  })
  const ended = isEnded(job.state)
  const isViewable = job.links.some(({ rel }) => rel === VIEW)
  const failure = cancel.error ?? rerun.error
  return (
    <>
      <Group gap="xs">
        {isViewable && (
          <Button
            component="a"
            href={addressOf(
              `/view-notebook/${segment(job.processID)}/${job.jobID}?workspace=${segment(job.workspace)}`,
            )}
          >
            Open in JupyterLab
          </Button>
        )}
        {job.keptKernel?.openUrl !== undefined && (
          <Button variant="default" component="a" href={addressOf(`/jobs/${job.jobID}/kernel`)}>
            Open where it failed
          </Button>
        )}
        {!ended && (
          <Button
            color="red"
            variant="outline"
            onClick={() => cancel.mutate()}
            disabled={cancel.isPending || job.cancelRequested !== undefined}
          >
            Cancel
          </Button>
        )}
        {job.state !== 'prepared' && (
          <Button variant="default" onClick={() => rerun.mutate({})} disabled={rerun.isPending}>
            Run again
          </Button>
        )}
        {job.links.some(({ rel }) => rel === FROM_FAILED) && (
          <Button
            variant="default"
            onClick={() => rerun.mutate({ from: 'failed' })}
            disabled={rerun.isPending}
          >
            Run again from the failed cell
          </Button>
        )}
        <Button variant="default" component={Link} to={formAddress(job, me?.limits)}>
          Change the inputs
        </Button>
        <Button variant="default" component="a" href={addressOf(`/jobs/${job.jobID}/notebook`)} download>
          Download
        </Button>
        <ShareButton />
      </Group>
      {job.keptKernel !== undefined && (
        <Text size="sm" c="dimmed">
          Its kernel is kept until{' '}
          {new Date(job.keptKernel.until).toLocaleTimeString('en-GB', { timeStyle: 'short' })}, to look into
          it or to go on in it.
        </Text>
      )}
      {failure !== null && (
        <ProblemNotice
          error={failure}
          onStopServer={() => rerun.mutate({ ...rerun.variables, stopServer: true })}
        />
      )}
    </>
  )
}

/** Copies the link. Where a browser lets no page copy (without https), the link is there to be copied by hand. */
function ShareButton() {
  const link = `${window.location.origin}${window.location.pathname}`
  if (!window.isSecureContext)
    return (
      <TextInput
        aria-label="Link to this run"
        value={link}
        readOnly
        onFocus={({ target }) => target.select()}
      />
    )
  return (
    <CopyButton value={link} timeout={3000}>
      {({ copied, copy }) => (
        <Button variant="default" onClick={copy}>
          {copied ? 'Copied' : 'Copy the link'}
        </Button>
      )}
    </CopyButton>
  )
}

/** The form of its notebook, filled in as it was for this run. */
function formAddress(job: Job, choice: Me['limits']): string {
  const { parameters, processID, workspace } = job
  const given = Object.entries(parameters).flatMap(([name, value]) =>
    value === null ? [] : [[name, valueText(value)]],
  )
  // Those that are lower than where nothing is chosen.
  const limits = CHOICES.flatMap(({ name, control }) => {
    const [value, most] = [job.limits?.[name], choice?.most[name]]
    return value !== undefined && most !== undefined && value < most ? [[control, String(value)]] : []
  })
  const query = new URLSearchParams([...given, ['_workspace', workspace], ...limits])
  return `/processes/${segment(processID)}?${query}`
}

import { Alert, Button, Checkbox, Grid, Group, List, NativeSelect, Stack, Text, Title } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query'
import { type FormEvent, useEffect, useMemo, useRef, useState } from 'react'
import { useLocation, useNavigate } from 'react-router'
import type { Me } from '../api/me.ts'
import { type Fault, ProblemError } from '../api/problem.ts'
import { execute, type Process, planQuery } from '../api/processes.ts'
import { CHOICES } from '../components/limit-words.ts'
import { ProblemNotice } from '../components/problem-notice.tsx'
import { Field } from './field.tsx'
import { useFootprints } from './footprints.ts'
import { KernelSelect } from './kernel-select.tsx'
import { LimitFields } from './limit-fields.tsx'
import {
  type LinkQuery,
  needsRun,
  queryText,
  readQuery,
  sweptNames,
  textsOf,
  withoutLimits,
  withTexts,
} from './link-query.ts'
import { PlanPanel } from './plan-panel.tsx'
import { runLink } from './share.ts'
import { SharePanel } from './share-panel.tsx'

interface NotebookFormProps {
  readonly process: Process
  readonly me: Me
  /** A link was opened that waits for a click: what is wrong with it is shown at once. */
  readonly confirms: boolean
}

const WAIT_MS = 300

/** The form of a notebook. Its state is the query of its address, which is that of the link that it makes. */
export function NotebookForm({ process, me, confirms }: NotebookFormProps) {
  const { search } = useLocation()
  const navigate = useNavigate()
  const [query, setQuery] = useState<LinkQuery>(() => readQuery(search))
  const [told, setTold] = useState<ReadonlySet<string>>(new Set())
  const [all, setAll] = useState(confirms)
  const [mayStop, setMayStop] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  const text = queryText(query)

  useEffect(() => {
    void navigate({ search: text === '' ? '' : `?${text}` }, { replace: true })
  }, [navigate, text])

  const [settled] = useDebouncedValue(text, WAIT_MS)
  const plan = useQuery({
    ...planQuery(process.id, settled),
    placeholderData: keepPreviousData,
    retry: false,
    refetchInterval: ({ state }) => (state.data?.server?.state === 'starting' ? 2_000 : false),
  })
  const footprints = useFootprints(process, query)
  const faults = faultsOf(plan.error)
  const executes = me.executes
  const stops = (executes && plan.data?.server?.stops) || []
  const mode = textsOf(query, '_mode')[0] ?? process.mode ?? 'prepare'
  const runsOnly = executes && (sweptNames(query).length > 0 || (confirms && mode === 'execute'))

  // Other inputs are another run: the same key would be refused for them.
  const key = useMemo(() => ({ text, value: crypto.randomUUID() }), [text])
  const run = useMutation({
    mutationFn: (stopServer: boolean) =>
      execute(process.id, queryText(query.filter(([name]) => name !== '_mode')), {
        idempotencyKey: key.value,
        stopServer,
      }),
    onSuccess: (path) => navigate(path),
  })
  const refused = run.error !== null && faultsOf(run.error).length === 0 ? run.error : null

  function change(next: LinkQuery) {
    const names = new Set([...query, ...next].map(([name]) => name))
    const changed = [...names].filter(
      (name) => textsOf(query, name).join('\n') !== textsOf(next, name).join('\n'),
    )
    setTold(new Set([...told, ...changed]))
    const runs = needsRun(next) && mode === 'prepare'
    setQuery(runs ? withTexts(next, '_mode', ['execute']) : next)
  }

  function submit(event: FormEvent) {
    event.preventDefault()
    setAll(true)
    if (faults.length > 0 && settled === text) focusOn(form.current, faults)
    else run.mutate(stops.length > 0 && mayStop)
  }

  const faultOf = (name: string): string | undefined => {
    const fault = faults.find((one) => one.name === name)
    if (fault === undefined) return undefined
    return all || (told.has(name) && fault.fault !== 'missing') ? fault.message : undefined
  }
  const shown = new Set([
    ...process.schema.properties.map(([name]) => name),
    '_workspace',
    '_kernel',
    ...(me.limits === undefined ? [] : CHOICES.map(({ control }) => control)),
  ])
  const elsewhere = faults.filter(({ name }) => !shown.has(name))
  const { example } = process
  const expected = new Map(process.inputs.map(([name, input]) => [name, input.expected]))

  return (
    <form ref={form} onSubmit={submit} noValidate>
      <Grid gap="xl">
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Stack>
            <div>
              <Title order={1}>{process.title}</Title>
              <Text>{process.description}</Text>
            </div>
            {confirms && (
              <Alert variant="outline" role="status" title="A link brought you here">
                {confirmText(faults, runsOnly)}
              </Alert>
            )}
            {elsewhere.length > 0 && (
              <Alert color="red" variant="outline" role="alert" title="The link says what nobody knows here">
                <List size="sm">
                  {elsewhere.map(({ name, message }) => (
                    <List.Item key={name}>{message}</List.Item>
                  ))}
                </List>
                <Button
                  size="xs"
                  mt="xs"
                  variant="default"
                  onClick={() =>
                    change(elsewhere.reduce((rest, { name }) => withTexts(rest, name, []), query))
                  }
                >
                  Leave it out
                </Button>
              </Alert>
            )}
            {example !== undefined && !confirms && (
              <Group>
                <Button variant="default" onClick={() => change(readQuery(example))}>
                  Fill in the example
                </Button>
              </Group>
            )}
            {process.schema.properties.length === 0 && <Text>It takes no inputs.</Text>}
            {process.schema.properties.map(([name, schema]) => (
              <Field
                key={name}
                name={name}
                schema={schema}
                required={process.schema.required.includes(name)}
                expected={expected.get(name) ?? ''}
                error={faultOf(name)}
                query={query}
                onQuery={change}
                executes={executes}
                footprints={footprints}
              />
            ))}
            {me.workspaces.length > 1 && (
              <NativeSelect
                label="Workspace"
                withAsterisk
                error={
                  codeOf(plan.error) === 'workspace-choice' && all
                    ? 'Choose the workspace to work in.'
                    : false
                }
                value={textsOf(query, '_workspace')[0] ?? ''}
                onChange={({ currentTarget: { value } }) => change(withTexts(query, '_workspace', [value]))}
                data={[{ value: '', label: '—' }, ...me.workspaces]}
              />
            )}
            {executes && (
              <KernelSelect
                id={process.id}
                query={query}
                onQuery={change}
                error={faultOf('_kernel')}
                serverStarts={plan.data?.server?.state === 'starting'}
              />
            )}
            {me.limits !== undefined && (
              <LimitFields limits={me.limits} query={query} onQuery={change} faultOf={faultOf} />
            )}
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Stack gap="lg" className="form-side">
            <PlanPanel plan={plan.isError ? undefined : plan.data} title={process.title} />
            {stops.length > 0 && (
              <Checkbox
                label={`Stop ${stops.join(' and ')} for it`}
                description="Only one server of yours can be up at a time. What runs in the other one is lost."
                checked={mayStop}
                onChange={({ currentTarget: { checked } }) => setMayStop(checked)}
              />
            )}
            {plan.error !== null && faults.length === 0 && codeOf(plan.error) !== 'workspace-choice' && (
              <ProblemNotice error={plan.error} onRetry={plan.refetch} />
            )}
            {refused !== null && <ProblemNotice error={refused} onStopServer={() => run.mutate(true)} />}
            <Group>
              {executes && (
                <Button
                  type="submit"
                  size="md"
                  loading={run.isPending}
                  disabled={stops.length > 0 && !mayStop}
                >
                  Run
                </Button>
              )}
              {!runsOnly && (
                <Button
                  component="a"
                  size="md"
                  variant={executes ? 'default' : 'filled'}
                  href={runLink(process.id, prepared(process, query))}
                >
                  Open in JupyterLab
                </Button>
              )}
            </Group>
            <SharePanel process={process} query={query} onQuery={change} executes={executes} />
          </Stack>
        </Grid.Col>
      </Grid>
    </form>
  )
}

function confirmText(faults: readonly Fault[], runsOnly: boolean): string {
  if (faults.length > 0) return 'Some of what it says does not fit the notebook: it is marked below.'
  return runsOnly
    ? 'Nothing has happened yet. Look at the inputs, then press Run.'
    : 'Nothing has happened yet. Look at the inputs, then choose what to do with the notebook.'
}

/** A notebook that is executed unless told otherwise is told otherwise. */
function prepared({ mode }: Process, query: LinkQuery): LinkQuery {
  return withTexts(withoutLimits(query), '_mode', mode === 'execute' ? ['prepare'] : [])
}

const faultsOf = (error: Error | null): readonly Fault[] =>
  error instanceof ProblemError ? (error.problem.errors ?? []) : []

const codeOf = (error: Error | null): string | undefined =>
  error instanceof ProblemError ? error.code : undefined

function focusOn(form: HTMLFormElement | null, faults: readonly Fault[]) {
  for (const { name } of faults) {
    const field = form?.querySelector(`[data-input="${CSS.escape(name)}"] :is(input, select, textarea)`)
    if (field instanceof HTMLElement) return field.focus()
  }
}

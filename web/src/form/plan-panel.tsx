import { List, Stack, Text, Title } from '@mantine/core'
import type { Plan } from '../api/processes.ts'
import { limitText } from '../components/limit-words.ts'
import { durationText } from '../components/time-text.ts'

/** What would happen, before it does. */
export function PlanPanel({ plan, title }: { readonly plan: Plan | undefined; readonly title: string }) {
  return (
    <Stack component="section" gap="xs" aria-label="What will happen" aria-live="polite">
      <Title order={2} size="h3">
        What will happen
      </Title>
      {plan === undefined ? (
        <Text size="sm" c="dimmed">
          It is shown here when the inputs fit.
        </Text>
      ) : (
        <List size="sm" spacing={4}>
          <List.Item>
            {plan.runs === 1 ? title : `${title}, ${plan.runs} times: ${sweepWords(plan)}`}
            {plan.kernel !== undefined && `, with the kernel ${plan.kernel}`}
          </List.Item>
          <List.Item>In the workspace {plan.workspace}</List.Item>
          <List.Item className="form-link">Stored as {plan.output.replaceAll('{id}', '…')}</List.Item>
          {plan.server !== undefined && <List.Item>{SERVER_WORDS[plan.server.state]}</List.Item>}
          <List.Item>{timeWords(plan)}</List.Item>
          {limitWords(plan.limits).map((words) => (
            <List.Item key={words}>{words}</List.Item>
          ))}
        </List>
      )}
    </Stack>
  )
}

const SERVER_WORDS = {
  up: 'In your own Jupyter server, which is up',
  starting: 'In your own Jupyter server, which is being started',
  stopped: 'In your own Jupyter server, which is started for it',
} as const

const sweepWords = ({ each }: Plan): string =>
  each.length > 1 ? `one for each combination of ${each.join(' and ')}` : `one for each ${each.join()}`

function timeWords({ before, runs }: Plan): string {
  if (before === undefined) return 'It has not run in your workspaces before'
  const { count, medianSeconds } = before
  const of = count === 1 ? 'the run before' : `the median of ${count} runs before`
  return `Takes about ${durationText(medianSeconds)}${runs > 1 ? ' a run' : ''}: ${of}`
}

/** Where it ends, or what is left out. What the outputs may take is said where it was chosen. */
function limitWords({
  runSeconds,
  cellSeconds,
  silentSeconds,
  outputBytes,
}: Plan['limits']): readonly string[] {
  const ends = [
    ...(runSeconds === undefined ? [] : [`after ${durationText(runSeconds)}`]),
    ...(cellSeconds === undefined ? [] : [`when a cell takes longer than ${durationText(cellSeconds)}`]),
    ...(silentSeconds === undefined ? [] : [`when a cell gives no sign for ${durationText(silentSeconds)}`]),
  ]
  return [
    ...(ends.length === 0 ? [] : [`Is ended ${ends.join(', or ')}`]),
    ...(outputBytes === undefined
      ? []
      : [`Keeps ${limitText({ unit: 'bytes' }, outputBytes)} of outputs, and cuts the rest`]),
  ]
}

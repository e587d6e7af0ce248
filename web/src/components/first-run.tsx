import { Alert, Button, Group, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { addressOf } from '../api/client.ts'
import { execute, type ProcessSummary } from '../api/processes.ts'
import { ProblemNotice } from './problem-notice.tsx'

interface FirstRunProps {
  readonly notebook: ProcessSummary
  /** Query of the link that runs it. */
  readonly example: string
}

/** For who has never run anything: what this is, and an example by one click. */
export function FirstRun({ notebook, example }: FirstRunProps) {
  const [key] = useState(() => crypto.randomUUID())
  const run = useMutation({
    mutationFn: (stopServer: boolean) => execute(notebook.id, example, { idempotencyKey: key, stopServer }),
    onSuccess: (path) => window.location.assign(addressOf(path)),
  })
  return (
    <Alert variant="outline" title="New here?">
      <Text size="sm">
        Each notebook below does one thing with your data. Choose one, fill in its form and press Run: the
        results appear while it works, and the notebook with them is kept in your workspace.
      </Text>
      <Group mt="sm">
        <Button onClick={() => run.mutate(false)} loading={run.isPending}>
          Run an example now
        </Button>
        <Text size="sm" c="dimmed">
          {notebook.title}, with an image that comes with it. It takes some seconds.
        </Text>
      </Group>
      {run.error !== null && <ProblemNotice error={run.error} onStopServer={() => run.mutate(true)} />}
    </Alert>
  )
}

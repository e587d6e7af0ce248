import { Alert, Anchor, Button, List, Text } from '@mantine/core'
import { problemOf, signInAddress } from '../api/problem.ts'
import { StopServerButton, wouldStopServer } from './stop-server.tsx'

interface ProblemNoticeProps {
  readonly error: unknown
  /** Offered where asking again may help. */
  readonly onRetry?: () => void
  /** Does it all the same, where another server of the person would be stopped for it. */
  readonly onStopServer?: () => void
}

/** What went wrong with a part of a page, as the server words it. */
export function ProblemNotice({ error, onRetry, onStopServer }: ProblemNoticeProps) {
  const problem = problemOf(error)
  return (
    <Alert color="red" variant="outline" title={problem.title} role="alert">
      <Text size="sm">{problem.detail}</Text>
      {problem.errors !== undefined && (
        <List size="sm" mt="xs">
          {problem.errors.map(({ message }) => (
            <List.Item key={message}>{message}</List.Item>
          ))}
        </List>
      )}
      {problem.signIn !== undefined && (
        <Text size="sm" mt="xs">
          Nothing on this page is lost:{' '}
          <Anchor href={signInAddress(problem.signIn, '/auth/signed-in')} target="_blank" inherit>
            sign in
          </Anchor>{' '}
          in a new tab, then do this again.
        </Text>
      )}
      {problem.link !== undefined && (
        <Anchor size="sm" href={problem.link}>
          {problem.link}
        </Anchor>
      )}
      {onStopServer !== undefined && wouldStopServer(problem) && <StopServerButton onClick={onStopServer} />}
      {onRetry !== undefined && (
        <Button mt="sm" size="xs" variant="default" onClick={onRetry}>
          Try again
        </Button>
      )}
    </Alert>
  )
}

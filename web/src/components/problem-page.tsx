import { Anchor, Button, List, Stack, Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { Link, useLocation } from 'react-router'
import { type Problem, signInAddress } from '../api/problem.ts'

/** A page that is none: why, in the server's words. */
export function ProblemPage({ problem }: { readonly problem: Problem }) {
  const { pathname, search } = useLocation()
  useDocumentTitle(`${problem.title} · Notebook Runner`)
  return (
    <Stack gap="sm" align="flex-start">
      <Title order={1}>{problem.title}</Title>
      <Text>{problem.detail}</Text>
      {problem.errors !== undefined && (
        <List>
          {problem.errors.map(({ message }) => (
            <List.Item key={message}>{message}</List.Item>
          ))}
        </List>
      )}
      {problem.nearest !== undefined && (
        <Text>
          Did you mean <strong>{problem.nearest}</strong>?
        </Text>
      )}
      {problem.signIn !== undefined && (
        <Button component="a" href={signInAddress(problem.signIn, `${pathname}${search}`)}>
          Sign in
        </Button>
      )}
      {problem.link !== undefined && <Anchor href={problem.link}>{problem.link}</Anchor>}
      {problem.status !== 401 && (
        <Anchor component={Link} to="/processes">
          To the notebooks
        </Anchor>
      )}
      <Text size="sm" c="dimmed">
        Status {problem.status}
        {problem.requestId !== undefined && `, request ${problem.requestId}`}
      </Text>
    </Stack>
  )
}

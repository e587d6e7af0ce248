import { Button, CopyButton, Group, NativeSelect, Stack, Tabs, Text, Title } from '@mantine/core'
import type { Process } from '../api/processes.ts'
import { type LinkQuery, needsRun, textsOf, withTexts } from './link-query.ts'
import { shares } from './share.ts'

interface SharePanelProps {
  readonly process: Process
  readonly query: LinkQuery
  readonly onQuery: (query: LinkQuery) => void
  readonly executes: boolean
}

/** The link that the form makes, and what else says the same. */
export function SharePanel({ process, query, onQuery, executes }: SharePanelProps) {
  const ways = shares(process, query)
  const [mode = ''] = textsOf(query, '_mode')
  const usual = process.mode === 'execute' ? 'runs it' : 'opens it in JupyterLab'
  return (
    <Stack component="section" gap="xs" aria-label="The link">
      <Title order={2} size="h3">
        The link
      </Title>
      <Text size="sm">Whoever follows it gets the notebook with these inputs, in their own workspace.</Text>
      {executes && (
        <NativeSelect
          label="What the link does"
          description={needsRun(query) ? 'A sweep and limits are for runs.' : ''}
          value={mode}
          disabled={needsRun(query)}
          onChange={({ currentTarget: { value } }) =>
            onQuery(withTexts(query, '_mode', value === '' ? [] : [value]))
          }
          data={[
            { value: '', label: `What is usual for this notebook: it ${usual}` },
            { value: 'prepare', label: 'Opens the notebook in JupyterLab' },
            { value: 'execute', label: 'Runs the notebook' },
          ]}
        />
      )}
      <Tabs defaultValue="Link" keepMounted={false}>
        <Tabs.List>
          {ways.map(([name]) => (
            <Tabs.Tab key={name} value={idOf(name)}>
              {name}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {ways.map(([name, text]) => (
          <Tabs.Panel key={name} value={idOf(name)} pt="xs">
            <Group align="flex-start" wrap="nowrap">
              <Text component="pre" size="sm" ff="monospace" m={0} className="form-link form-row">
                {text}
              </Text>
              <CopyButton value={text}>
                {({ copied, copy }) => (
                  <Button size="xs" variant="default" onClick={copy}>
                    {copied ? 'Copied' : 'Copy'}
                  </Button>
                )}
              </CopyButton>
            </Group>
          </Tabs.Panel>
        ))}
      </Tabs>
    </Stack>
  )
}

/** A part of an id: with a blank in it, tab and panel would not find each other. */
const idOf = (name: string): string => name.replaceAll(' ', '-')

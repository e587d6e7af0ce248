import { Anchor, Button, Group, Text, useComputedColorScheme } from '@mantine/core'
import { useEffect, useMemo, useRef, useState } from 'react'
import * as v from 'valibot'
import { addressOf } from '../api/client.ts'
import { fromFrameSchema, type ToFrame } from './frame-messages.ts'
import { shownTypes, WIDGET_VIEW } from './mime.ts'
import type { ShownOutput } from './output.ts'

interface OutputFrameProps {
  readonly outputs: readonly ShownOutput[]
  readonly label: string
  readonly widgets?: () => Promise<unknown>
  readonly hurry: boolean
}

/** Whatever an output says of its height. */
const MAX_HEIGHT = 20_000
/** Before anything is known of it. */
const FIRST_HEIGHT = 80

/** Outputs that were shown before are given their room at once, or what is below them would jump. */
const heights = new WeakMap<object, number>()

/**
 * Outputs in a frame without an origin (`sandbox` without `allow-same-origin`) under a policy of its own
 * (src/http/routes/output-frame.ts). They go in by a message. What comes out is believed only of this frame, with its
 * nonce, and says no more than how high it is, what was held back, and which link was clicked.
 */
export default function OutputFrame({ outputs, label, widgets, hurry }: OutputFrameProps) {
  const first = outputs[0] ?? outputs
  const frame = useRef<HTMLIFrameElement>(null)
  const nonce = useMemo(() => crypto.randomUUID(), [])
  const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false })
  const [wanted, setWanted] = useState(!hurry)
  const [ready, setReady] = useState(false)
  const [height, setHeight] = useState(heights.get(first) ?? FIRST_HEIGHT)
  const [heldBack, setHeldBack] = useState<HeldBack>()
  const [link, setLink] = useState<string>()

  useEffect(() => {
    if (!hurry) setWanted(true)
  }, [hurry])

  useEffect(() => {
    const onMessage = ({ source, origin, data }: MessageEvent) => {
      if (source === null || source !== frame.current?.contentWindow || origin !== 'null') return
      const parsed = v.safeParse(fromFrameSchema, data)
      if (!parsed.success || parsed.output.nonce !== nonce) return
      const message = parsed.output
      if (message.type === 'ready') setReady(true)
      else if (message.type === 'held-back') setHeldBack(message)
      else if (message.type === 'link') setLink(webAddress(message.href))
      else setHeight(Math.min(Math.max(1, Math.ceil(message.height)), MAX_HEIGHT))
    }
    window.addEventListener('message', onMessage)
    return () => window.removeEventListener('message', onMessage)
  }, [nonce])

  useEffect(() => {
    heights.set(first, height)
  }, [first, height])

  useEffect(() => {
    if (!ready) return
    const left = new AbortController()
    setHeldBack(undefined)
    void statesFor(outputs, widgets).then((states) => {
      const message: ToFrame = { nonce, scheme, outputs: outputs.map(bundleOf), widgets: states }
      // A frame without an origin can't be named by one; nobody else is in this window.
      if (!left.signal.aborted) frame.current?.contentWindow?.postMessage(message, '*')
    })
    return () => left.abort()
  }, [ready, outputs, widgets, scheme, nonce])

  return (
    <div>
      {wanted ? (
        <iframe
          ref={frame}
          className="cell-outputs-frame"
          title={label}
          src={`${addressOf('/outputs/frame')}#${nonce}`}
          sandbox="allow-scripts"
          // The same as inside, or a browser paints a background behind it.
          style={{ height, colorScheme: scheme }}
        />
      ) : (
        <div style={{ height }} />
      )}
      {heldBack !== undefined && <HeldBackNote {...heldBack} />}
      {link !== undefined && <LinkNote href={link} onDone={() => setLink(undefined)} />}
    </div>
  )
}

const bundleOf = ({ data, metadata }: ShownOutput) => ({ data, metadata })

/** Widgets that can't be asked for are shown as their text. */
async function statesFor(
  outputs: readonly ShownOutput[],
  widgets?: () => Promise<unknown>,
): Promise<unknown> {
  if (widgets === undefined || !outputs.some(({ data }) => shownTypes(data)[0] === WIDGET_VIEW))
    return undefined
  return widgets().catch(() => undefined)
}

interface HeldBack {
  readonly active: boolean
  readonly hosts: readonly string[]
}

function HeldBackNote({ active, hosts }: HeldBack) {
  const parts = [
    ...(active ? ['scripts or embedded pages, which do not run here'] : []),
    ...(hosts.length > 0
      ? [`things from other places (${hosts.slice(0, 5).join(', ')}), which are not loaded here`]
      : []),
  ]
  return (
    <p className="cell-outputs-note">
      Not shown whole: it has {parts.join(', and ')}. Open the notebook in JupyterLab to see it.
    </p>
  )
}

/** Where a link of an output leads is shown before anything goes there. */
function LinkNote({ href, onDone }: { readonly href: string; readonly onDone: () => void }) {
  return (
    <Group gap="sm" role="status">
      <Text size="sm" className="output-frame-link">
        This link leads to{' '}
        <Anchor href={href} target="_blank" rel="noopener noreferrer" size="sm">
          {href}
        </Anchor>
      </Text>
      <Button size="compact-xs" variant="default" onClick={onDone}>
        Close
      </Button>
    </Group>
  )
}

/** Only pages of the web: no script and no file. */
function webAddress(href: string): string | undefined {
  const url = URL.parse(href)
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url.href : undefined
}

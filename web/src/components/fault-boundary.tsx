import { Button, Text } from '@mantine/core'
import { Component, type ReactNode } from 'react'

interface FaultBoundaryProps {
  /** What is missing where it broke, as the start of a sentence. */
  readonly what: string
  readonly children: ReactNode
}

interface FaultBoundaryState {
  readonly broken: boolean
}

/**
 * Keeps a fault of a part of a page in that part: without it, React takes the whole page away. A part may break because its
 * script could not be loaded, because the browser can't draw it, or because of what a stranger wrote.
 */
export class FaultBoundary extends Component<FaultBoundaryProps, FaultBoundaryState> {
  override state: FaultBoundaryState = { broken: false }

  static getDerivedStateFromError(): FaultBoundaryState {
    return { broken: true }
  }

  override render(): ReactNode {
    const { what, children } = this.props
    if (!this.state.broken) return children
    return (
      <Text component="div" size="sm" role="alert">
        {what} can’t be shown: this browser could not load or draw it.{' '}
        <Button size="compact-xs" variant="default" onClick={() => this.setState({ broken: false })}>
          Try again
        </Button>
      </Text>
    )
  }
}

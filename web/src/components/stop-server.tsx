import { Button } from '@mantine/core'

/** The server would stop another server of the person's for it, and asks them first. */
export const wouldStopServer = ({ code }: { readonly code?: string | undefined }): boolean =>
  code === 'would-stop-server'

/** Agrees to that, and does it all the same. */
export function StopServerButton({
  onClick,
  loading = false,
}: {
  readonly onClick: () => void
  readonly loading?: boolean
}) {
  return (
    <Button mt="sm" size="xs" variant="default" onClick={onClick} loading={loading}>
      Stop it, and go on
    </Button>
  )
}

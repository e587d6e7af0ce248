import { running } from './running.ts'

/** `notebook-runner serve`: starts everything and prints the one link to open. It executes runs too, unless told not to. */
export function serve(): Promise<void> {
  return running(async (context) => {
    const { link } = await context.listen()
    await context.work()
    return link === undefined
      ? ''
      : `\nNotebook Runner is ready. Open this link:\n\n    ${link}\n\nCtrl-C stops it.\n`
  })
}

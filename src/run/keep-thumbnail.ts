import type { ExecutedNotebook } from '../notebook/executed.ts'
import { lastPicture } from '../notebook/last-picture.ts'
import type { RunInWork } from './execute-parts.ts'

/** Keeps the last picture of a run, made small, for lists of runs. A run that has none, or none that can be read, is none the worse. */
export async function keepThumbnail(
  { parts, claim, log }: RunInWork,
  notebook: ExecutedNotebook,
): Promise<void> {
  const picture = lastPicture(notebook)
  const thumbnail = picture && (await parts.thumbnailer.make(picture))
  if (thumbnail === undefined) return
  await claim.lease
    .setThumbnail(thumbnail)
    .catch((err: unknown) => log.warn({ err }, 'the thumbnail could not be kept'))
}

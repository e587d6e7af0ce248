import { addressOf, segment } from '../api/client.ts'
import type { Job } from '../api/jobs.ts'
import './thumbnail.css'

/** The last picture of a run, where it has one; its room where it has none. It says nothing that the run's link does not. */
export function Thumbnail({ job }: { readonly job: Pick<Job, 'jobID' | 'links'> }) {
  const has = job.links.some(({ rel }) => rel === 'preview')
  return (
    <span className="thumbnail" aria-hidden="true">
      {has && (
        <img
          src={addressOf(`/jobs/${segment(job.jobID)}/thumbnail`)}
          alt=""
          loading="lazy"
          decoding="async"
        />
      )}
    </span>
  )
}

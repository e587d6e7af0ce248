import { memo } from 'react'
import { Link } from 'react-router'
import { segment } from '../api/client.ts'
import type { BrokenProcess, LastRun, ProcessSummary } from '../api/processes.ts'
import './notebook-card.css'
import { StateBadge } from './state-badge.tsx'
import { agoText } from './time-text.ts'

export type CatalogueEntry = ProcessSummary | BrokenProcess

interface NotebookCardProps {
  readonly entry: CatalogueEntry
  readonly lastRun: LastRun | undefined
}

/** One notebook of the catalogue. Plain elements: there may be a thousand. */
export const NotebookCard = memo(function NotebookCard({ entry, lastRun }: NotebookCardProps) {
  if ('reason' in entry)
    return (
      <li className="notebook-card">
        <h2>{entry.title ?? entry.id}</h2>
        <p className="notebook-broken">
          <strong>Broken.</strong> It cannot be offered: {entry.reason}
        </p>
        <p className="notebook-quiet">{entry.id}</p>
      </li>
    )
  return (
    <li className="notebook-card">
      <h2>
        <Link to={`/processes/${segment(entry.id)}`}>{entry.title}</Link>
      </h2>
      <p className="notebook-description">{entry.description}</p>
      {entry.takes !== undefined && entry.takes.length > 0 && (
        <p className="notebook-quiet">Takes: {entry.takes.join(', ')}</p>
      )}
      <p className="notebook-quiet notebook-last">
        {lastRun === undefined ? (
          'Not run yet'
        ) : (
          <Link to={`/jobs/${segment(lastRun.jobID)}`}>
            <StateBadge state={lastRun.state} /> {agoText(lastRun.created)}
          </Link>
        )}
      </p>
    </li>
  )
})

import { type QueryClient, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { type LogEntry, logQuery } from '../../api/cells.ts'
import { isEnded, type Job, jobQuery } from '../../api/jobs.ts'
import { RunModel } from './run-model.ts'

/** The run with this id, followed while the page is there. What events say of its state is put into the other answers. */
export function useRunModel(id: string): RunModel | undefined {
  const queries = useQueryClient()
  const [model, setModel] = useState<RunModel>()
  useEffect(() => {
    const followed = new RunModel(id, (event, number) => {
      if (event.type === 'note')
        addToLog(queries, id, { number, at: new Date().toISOString(), text: event.text })
      else {
        const { state, reason, message, at } = event
        addToLog(queries, id, { number, at: at ?? new Date().toISOString(), state, reason, message })
        queries.setQueryData(jobQuery(id).queryKey, (job?: Job) => job && { ...job, state, reason, message })
        // Times and links are the server's to say.
        if (isEnded(state) || state === 'running')
          void queries.invalidateQueries({ queryKey: jobQuery(id).queryKey })
      }
    })
    setModel(followed)
    void followed.start()
    return () => followed.stop()
  }, [id, queries])
  return model
}

function addToLog(queries: QueryClient, id: string, entry: LogEntry): void {
  queries.setQueryData(logQuery(id).queryKey, (log?: { entries: LogEntry[] }) => {
    if (log === undefined || log.entries.some(({ number }) => number >= entry.number)) return log
    return { entries: [...log.entries, entry] }
  })
}

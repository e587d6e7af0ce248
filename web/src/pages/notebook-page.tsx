import { Loader } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useParams } from 'react-router'
import { meQuery } from '../api/me.ts'
import { problemOf } from '../api/problem.ts'
import { processQuery } from '../api/processes.ts'
import { ProblemPage } from '../components/problem-page.tsx'
import { NotebookForm } from '../form/notebook-form.tsx'

/** `/processes/{id}` and, with `confirms`, `/run/notebook/{id}`: one notebook and the form of what it takes. */
export default function NotebookPage({ confirms = false }: { readonly confirms?: boolean }) {
  const { id = '' } = useParams()
  const { data: process, error } = useQuery(processQuery(id))
  const { data: me, error: unknown } = useQuery(meQuery)
  useDocumentTitle(`${process?.title ?? 'Notebook'} · Notebook Runner`)
  const failed = error ?? unknown
  if (failed !== null) return <ProblemPage problem={problemOf(failed)} />
  if (process === undefined || me === undefined) return <Loader aria-label="Loading" />
  return <NotebookForm key={id} process={process} me={me} confirms={confirms} />
}

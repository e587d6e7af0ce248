import { Loader } from '@mantine/core'
import { lazy, Suspense } from 'react'
import { Route, Routes, useLocation } from 'react-router'
import { FaultBoundary } from './components/fault-boundary.tsx'
import { ProblemPage } from './components/problem-page.tsx'
import { pageStart } from './page-start.ts'

const BatchPage = lazy(() => import('./pages/batch-page.tsx'))
const CataloguePage = lazy(() => import('./pages/catalogue-page.tsx'))
const ComparePage = lazy(() => import('./pages/compare-page.tsx'))
const HistoryPage = lazy(() => import('./pages/history-page.tsx'))
const JobPage = lazy(() => import('./pages/job-page.tsx'))
const NotebookPage = lazy(() => import('./pages/notebook-page.tsx'))

/** One route for each page; the addresses are those of the server's routes (src/http/app.ts). */
export function Pages() {
  // What the server could not show. The first address has this key, and no other.
  const { key, pathname } = useLocation()
  if (key === 'default' && pageStart.problem !== undefined) return <ProblemPage problem={pageStart.problem} />
  return (
    <FaultBoundary key={pathname} what="This page">
      <Suspense fallback={<Loader aria-label="Loading" />}>
        <Routes>
          <Route path="/processes" element={<CataloguePage />} />
          <Route path="/jobs" element={<HistoryPage />} />
          <Route path="/jobs/:id" element={<JobPage />} />
          <Route path="/compare" element={<ComparePage />} />
          <Route path="/batches/:id" element={<BatchPage />} />
          <Route path="/processes/:id" element={<NotebookPage />} />
          <Route path="/run/notebook/:id" element={<NotebookPage confirms />} />
          <Route path="*" element={<ProblemPage problem={NOT_FOUND} />} />
        </Routes>
      </Suspense>
    </FaultBoundary>
  )
}

const NOT_FOUND = {
  type: 'urn:notebook-runner:problem:not-found',
  title: 'Not found',
  status: 404,
  detail: 'There is nothing at this address.',
}

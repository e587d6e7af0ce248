import { type CSSVariablesResolver, createTheme, MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { BrowserRouter } from 'react-router'
import { ProblemError } from './api/problem.ts'
import { pageStart } from './page-start.ts'
import { Pages } from './pages.tsx'
import { Shell } from './shell.tsx'

const theme = createTheme({
  primaryColor: 'teal',
  // Darker than the usual shade, so that white text on it has the contrast of WCAG AA.
  primaryShade: { light: 9, dark: 9 },
  fontFamily: 'system-ui, sans-serif',
  cursorType: 'pointer',
})

/** The usual shades of quiet text and of errors are too pale for the contrast of WCAG AA. */
const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': 'var(--mantine-color-gray-7)',
    '--mantine-color-error': 'var(--mantine-color-red-9)',
  },
  dark: {
    '--mantine-color-dimmed': 'var(--mantine-color-dark-1)',
    '--mantine-color-error': 'var(--mantine-color-red-4)',
  },
})

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // What the server refuses it refuses again; what was lost on the way is asked for again.
      retry: (failures, error) => !(error instanceof ProblemError) && failures < 2,
    },
  },
})

/** Everything around the pages: theme, cache of answers, addresses. */
export function App() {
  return (
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      getStyleNonce={() => pageStart.styleNonce}
      cssVariablesResolver={variables}
    >
      <QueryClientProvider client={queries}>
        <BrowserRouter basename={pageStart.basePath === '' ? '/' : pageStart.basePath}>
          <Shell>
            <Pages />
          </Shell>
        </BrowserRouter>
      </QueryClientProvider>
    </MantineProvider>
  )
}

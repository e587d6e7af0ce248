import {
  ActionIcon,
  Anchor,
  Container,
  Group,
  Text,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef } from 'react'
import { Link, NavLink, useLocation } from 'react-router'
import { addressOf } from './api/client.ts'
import { meQuery } from './api/me.ts'
import './shell.css'

/** Header, and the page below it. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const main = useMainFocus()
  return (
    <>
      <a className="shell-skip" href="#main">
        Skip to the page
      </a>
      <header className="shell-header">
        <Container size="lg">
          <Group mih={56} py={8} className="shell-bar">
            <Anchor
              component={Link}
              to="/processes"
              fw={700}
              c="inherit"
              underline="never"
              className="shell-name"
            >
              Notebook Runner
            </Anchor>
            <Group component="nav" gap="md" wrap="nowrap" aria-label="Main">
              <NavLink to="/processes" className="shell-link">
                Notebooks
              </NavLink>
              <NavLink to="/jobs" className="shell-link">
                Runs
              </NavLink>
            </Group>
            <Group ml="auto" gap="sm" wrap="nowrap">
              <Person />
              <ColorSwitch />
            </Group>
          </Group>
        </Container>
      </header>
      <Container component="main" size="lg" py="lg" id="main" ref={main} tabIndex={-1} className="shell-main">
        {children}
      </Container>
    </>
  )
}

/** A page that comes without loading says so to whoever can't see it: the focus goes to it. */
function useMainFocus() {
  const main = useRef<HTMLDivElement>(null)
  const { pathname } = useLocation()
  const shown = useRef(pathname)
  useEffect(() => {
    if (shown.current === pathname) return
    shown.current = pathname
    main.current?.focus({ preventScroll: true })
    window.scrollTo(0, 0)
  }, [pathname])
  return main
}

function Person() {
  const { data } = useQuery(meQuery)
  if (data === undefined) return null
  return (
    <>
      <Text size="sm" c="dimmed" truncate maw={180} visibleFrom="xs">
        <span className="hidden">Signed in as </span>
        {data.user}
      </Text>
      {data.session && (
        <Anchor size="sm" href={addressOf('/auth/logout')}>
          Sign out
        </Anchor>
      )}
    </>
  )
}

function ColorSwitch() {
  const { setColorScheme } = useMantineColorScheme()
  const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false })
  const other = scheme === 'dark' ? 'light' : 'dark'
  return (
    <ActionIcon
      variant="default"
      size="lg"
      onClick={() => setColorScheme(other)}
      aria-label={`Switch to ${other} colours`}
      title={`Switch to ${other} colours`}
    >
      <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
        <circle cx="10" cy="10" r="7" fill="none" stroke="currentColor" strokeWidth="1.6" />
        <path d="M10 3a7 7 0 0 1 0 14z" fill="currentColor" />
      </svg>
    </ActionIcon>
  )
}

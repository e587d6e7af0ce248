import { type RefObject, useEffect, useState } from 'react'
import type { CellListHandle } from './cell-list.tsx'
import type { RunModel } from './run-model.ts'

const UPWARD_KEYS: ReadonlySet<string> = new Set(['ArrowUp', 'PageUp', 'Home'])

/** Keeps the cell that runs in sight. Whoever scrolls up wants to look at something else: then it stops. */
export function useFollowing(
  model: RunModel,
  list: RefObject<CellListHandle | null>,
  live: boolean,
): readonly [boolean, (following: boolean) => void] {
  const [following, setFollowing] = useState(live)
  useEffect(() => {
    if (!following || !live) return
    let frame = 0
    const follow = () => {
      cancelAnimationFrame(frame)
      frame = requestAnimationFrame(() => {
        const { running } = model.summary()
        if (running !== undefined) list.current?.scrollTo(running, 'auto')
      })
    }
    follow()
    const unsubscribe = model.subscribe(follow)
    const left = new AbortController()
    const options = { signal: left.signal, passive: true }
    const stop = () => setFollowing(false)
    window.addEventListener('wheel', ({ deltaY }) => deltaY < 0 && stop(), options)
    window.addEventListener('touchmove', stop, options)
    window.addEventListener('keydown', ({ key }) => UPWARD_KEYS.has(key) && stop(), options)
    return () => {
      cancelAnimationFrame(frame)
      unsubscribe()
      left.abort()
    }
  }, [model, list, following, live])
  return [following, setFollowing]
}

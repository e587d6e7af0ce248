import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { type Ref, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from 'react'
import { CellRow } from './cell-row.tsx'
import type { RunModel } from './run-model.ts'

/** What the page around the cells can ask of them. */
export interface CellListHandle {
  /** @param align `auto` moves no more than is needed */
  readonly scrollTo: (index: number, align: 'start' | 'auto') => void
}

interface CellListProps {
  readonly model: RunModel
  readonly total: number
  readonly widgets: () => Promise<unknown>
  readonly ref: Ref<CellListHandle>
}

/** Of a cell that was not seen yet, in CSS pixels. */
const FIRST_HEIGHT = 120
/** What stands above the cells while they are scrolled. */
const BAR_HEIGHT = 64

/** The cells of a run. Only those that are seen, and a few around them, are in the page, however many there are. */
export function CellList({ model, total, widgets, ref }: CellListProps) {
  const list = useRef<HTMLDivElement>(null)
  const [top, setTop] = useState(0)
  // What is above the list grows and shrinks as the run goes.
  useLayoutEffect(() => {
    const measure = () => {
      const box = list.current?.getBoundingClientRect()
      if (box !== undefined) setTop(Math.round(box.top + window.scrollY))
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(document.body)
    return () => observer.disconnect()
  }, [])

  const virtualizer = useWindowVirtualizer({
    count: total,
    estimateSize: () => FIRST_HEIGHT,
    overscan: 4,
    gap: 12,
    scrollMargin: top,
    scrollPaddingStart: BAR_HEIGHT,
    scrollPaddingEnd: 24,
  })
  useImperativeHandle(
    ref,
    () => ({ scrollTo: (index, align) => virtualizer.scrollToIndex(index, { align }) }),
    [virtualizer],
  )

  const rows = virtualizer.getVirtualItems()
  const [from, to] = [rows[0]?.index ?? 0, (rows.at(-1)?.index ?? -1) + 1]
  const hurry = virtualizer.isScrolling
  useEffect(() => {
    // Whoever scrolls past does not ask for what is passed.
    const timer = setTimeout(() => model.see(from, to), hurry ? 100 : 0)
    return () => clearTimeout(timer)
  }, [model, from, to, hurry])

  return (
    <div
      ref={list}
      role="feed"
      aria-label="Cells"
      className="run-cells"
      style={{ height: virtualizer.getTotalSize() }}
    >
      {rows.map(({ key, index, start }) => (
        <div
          key={key}
          ref={virtualizer.measureElement}
          data-index={index}
          className="run-cell-place"
          style={{ transform: `translateY(${start - top}px)` }}
        >
          <CellRow model={model} index={index} total={total} widgets={widgets} hurry={hurry} />
        </div>
      ))}
    </div>
  )
}

import { type RefObject, useEffect, useRef, useState } from 'react'

/** In CSS pixels: what is nearer to what is seen is made ready. */
const NEAR = '400px'

/**
 * Whether an element is seen, or nearly.
 * @param hurry while true nothing is made that is not there: whoever scrolls past needs none of it
 */
export function useNear<Part extends Element>(hurry: boolean): readonly [RefObject<Part | null>, boolean] {
  const place = useRef<Part>(null)
  const [near, setNear] = useState(false)
  const [wanted, setWanted] = useState(false)
  useEffect(() => {
    if (place.current === null) return
    const observer = new IntersectionObserver(
      (entries) => setNear(entries.some(({ isIntersecting }) => isIntersecting)),
      { rootMargin: NEAR },
    )
    observer.observe(place.current)
    return () => observer.disconnect()
  }, [])
  useEffect(() => {
    if (!near) setWanted(false)
    else if (!hurry) setWanted(true)
  }, [near, hurry])
  return [place, wanted]
}

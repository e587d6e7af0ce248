import { useId, useState } from 'react'

interface PictureSliderProps {
  readonly left: string
  readonly right: string
  readonly label: string
}

/** Two pictures over each other; a slider says how much is seen of the left one. */
export function PictureSlider({ left, right, label }: PictureSliderProps) {
  const [share, setShare] = useState(50)
  const id = useId()
  return (
    <div className="compare-slider">
      <div className="compare-pictures">
        <img src={right} alt={`${label}, right`} />
        <img src={left} alt={`${label}, left`} style={{ clipPath: `inset(0 ${100 - share}% 0 0)` }} />
        <span className="compare-edge" style={{ left: `${share}%` }} aria-hidden="true" />
      </div>
      <label htmlFor={id}>{label}: how much of the left one is seen</label>
      <input
        id={id}
        type="range"
        min={0}
        max={100}
        value={share}
        onChange={({ currentTarget }) => setShare(Number(currentTarget.value))}
      />
    </div>
  )
}

// Draws `panels` (see draw-dashboard.ts) with uPlot, which Grafana draws with too. Runs in the page.
const COLOURS = [
  '#1f77b4',
  '#2ca02c',
  '#ff7f0e',
  '#d62728',
  '#9467bd',
  '#8c564b',
  '#e377c2',
  '#17becf',
  '#7f7f7f',
  '#bcbd22',
  '#0b5394',
  '#38761d',
]

const digits = (value) => String(Number(value.toPrecision(3)))
const UNITS = {
  s: (value) => (value !== 0 && Math.abs(value) < 1 ? `${digits(value * 1000)} ms` : `${digits(value)} s`),
  bytes: (value) => `${digits(value / 2 ** 20)} MiB`,
  percentunit: (value) => `${Number((value * 100).toFixed(2))} %`,
  reqps: (value) => `${digits(value)}/s`,
  short: digits,
}

for (const { type, title, unit, gridPos, times, series } of panels) {
  const shown = UNITS[unit] ?? digits
  const box = document.createElement('section')
  box.className = type === 'row' ? 'row' : `panel ${type}`
  box.style.gridArea = `${gridPos.y + 1} / ${gridPos.x + 1} / span ${gridPos.h} / span ${gridPos.w}`
  document.querySelector('main').append(box)
  const heading = document.createElement(type === 'row' ? 'div' : 'h2')
  heading.textContent = title
  box.append(heading)
  if (type === 'stat') {
    const last = series[0]?.values.findLast((value) => value !== null)
    const text = document.createElement('p')
    text.textContent = last === undefined ? 'no data' : shown(last)
    box.append(text)
  } else if (type === 'timeseries') {
    const colour = (index) => COLOURS[index % COLOURS.length]
    new uPlot(
      {
        width: box.clientWidth - 16,
        height: box.clientHeight - 70,
        legend: { show: false },
        scales: { y: { range: (_, least, most) => [Math.min(0, least ?? 0), (most || 1) * 1.1] } },
        axes: [{}, { size: 66, values: (_, marks) => marks.map(shown) }],
        series: [
          {},
          ...series.map((_, index) => ({ stroke: colour(index), width: 1.5, points: { show: false } })),
        ],
      },
      [times, ...series.map(({ values }) => values)],
      box,
    )
    const legend = document.createElement('div')
    legend.className = 'legend'
    for (const [index, { label }] of series.entries()) {
      const mark = document.createElement('i')
      mark.style.background = colour(index)
      const entry = document.createElement('span')
      entry.append(mark, label || title)
      legend.append(entry)
    }
    box.append(legend)
  }
}

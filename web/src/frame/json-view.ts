/** Of a list or an object, so many members; more of them would be no reading matter. */
const MAX_MEMBERS = 500
/** So deep it is open at first. */
const OPEN_DEPTH = 2

/** A JSON value, its lists and objects to be opened and closed. */
export function jsonView(value: unknown, depth = 0): HTMLElement {
  if (typeof value !== 'object' || value === null) {
    const text = document.createElement('span')
    text.className = `json-${value === null ? 'null' : typeof value}`
    text.textContent = JSON.stringify(value) ?? ''
    return text
  }
  const members = Object.entries(value)
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  const details = document.createElement('details')
  const summary = document.createElement('summary')
  details.className = 'json'
  details.open = depth < OPEN_DEPTH && members.length <= 50
  summary.textContent = `${open}${members.length}${close}`
  details.append(summary)
  const fill = () => {
    if (details.childElementCount > 1) return
    const list = document.createElement('ul')
    for (const [name, member] of members.slice(0, MAX_MEMBERS)) {
      const item = document.createElement('li')
      const key = document.createElement('span')
      key.className = 'json-key'
      key.textContent = `${name}: `
      item.append(key, jsonView(member, depth + 1))
      list.append(item)
    }
    if (members.length > MAX_MEMBERS) {
      const more = document.createElement('li')
      more.textContent = `… ${members.length - MAX_MEMBERS} more`
      list.append(more)
    }
    details.append(list)
  }
  // What is closed is made when it is opened.
  if (details.open) fill()
  else details.addEventListener('toggle', fill, { once: true })
  return details
}

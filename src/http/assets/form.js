// Keeps the shown link in step with the form; what is left empty is left out.
const form = document.getElementById('run')
const output = document.getElementById('link')
const copy = document.getElementById('copy')

function link() {
  const url = new URL(form.action)
  for (const [name, value] of new FormData(form)) if (value !== '') url.searchParams.append(name, value)
  return url.href
}

function show() {
  output.textContent = link()
}

form.addEventListener('input', show)
// The address that is opened is the link that is shown.
form.addEventListener('formdata', (event) => {
  for (const [name, value] of [...event.formData]) if (value === '') event.formData.delete(name)
})
copy.addEventListener('click', async () => {
  await navigator.clipboard.writeText(link())
  copy.textContent = 'Copied'
})
show()

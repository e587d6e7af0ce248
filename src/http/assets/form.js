// Keeps the shown link in step with the form; what is left empty is left out.
// The ids have a hyphen and the address is read as an attribute: a field of the form may be called `link` or `action`.
const form = document.getElementById('run-form')
const output = document.getElementById('run-link')
const copy = document.getElementById('copy-link')
const address = new URL(form.getAttribute('action'), location.href).href

function link() {
  const given = [...new FormData(form)].filter(([, value]) => value !== '')
  const query = given.map(([name, value]) => `${name}=${encode(value)}`).join('&')
  return query === '' ? address : `${address}?${query}`
}

// Percent-encoded, but for what a query may hold as it is (RFC 3986, 3.4) and people read more easily so.
function encode(text) {
  return encodeURIComponent(text).replace(/%(?:2C|2F|3A|40)/g, decodeURIComponent)
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

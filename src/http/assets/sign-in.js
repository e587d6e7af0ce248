// A session may end while a page is open. What is filled in stays; the sign-in is made in a tab of its own, and then the
// same button works.

/** True where the answer says that nobody is signed in (any more): then the page says so, once. */
export function asksToSignIn({ status, signIn }) {
  if (status !== 401 || signIn === undefined) return false
  if (document.getElementById('sign-in-notice') !== null) return true
  const notice = document.createElement('p')
  notice.id = 'sign-in-notice'
  notice.className = 'notice'
  notice.setAttribute('role', 'alert')
  const link = document.createElement('a')
  link.href = `${signIn}?return=${encodeURIComponent('/auth/signed-in')}`
  link.target = '_blank'
  link.textContent = 'Sign in'
  link.addEventListener('click', () => notice.remove())
  notice.append('Your session has ended; nothing is lost. ', link, ' in a new tab, then do this again.')
  document.querySelector('main').prepend(notice)
  return true
}

import type { FastifyRequest } from 'fastify'
import { html } from 'ghtml'
import { page, rootOf } from './layout.ts'

/** Asks once more, or says that it is done. */
export function signOutPage(request: FastifyRequest, signedIn: boolean): string {
  const root = rootOf(request)
  return signedIn
    ? page(
        request,
        'Sign out',
        html`<h1>Sign out?</h1>
<p>Runs that you have started go on.</p>
<form method="post" action="${root}auth/logout"><div class="buttons"><button>Sign out</button></div></form>`,
      )
    : page(
        request,
        'Signed out',
        html`<h1>You are signed out</h1>
<p><a class="button" href="${root}auth/login">Sign in</a></p>`,
      )
}

/** Nothing here says whether it worked: the form that waits asks the server. */
export function signedInPage(request: FastifyRequest): string {
  return page(
    request,
    'Signed in',
    html`<h1>You are signed in</h1>
<p>Close this tab and go on where you were: what you filled in is still there.</p>
<p><a href="${rootOf(request)}processes">All notebooks</a></p>`,
  )
}

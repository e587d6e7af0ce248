import type { FastifyRequest } from 'fastify'
import { html } from 'ghtml'
import type { Problem } from '../problem-schema.ts'
import { page } from './layout.ts'

/** A problem that no form can show. */
export function problemPage(request: FastifyRequest, problem: Problem): string {
  const faults = (problem.errors ?? []).map((fault) => html`<li>${fault.message}</li>`).join('')
  const nearest =
    problem.nearest === undefined ? '' : html`<p>Did you mean <strong>${problem.nearest}</strong>?</p>`
  return page(
    request,
    problem.title,
    html`<h1>${problem.title}</h1>
<p>${problem.detail}</p>
!${faults === '' ? '' : `<ul class="faults">${faults}</ul>`}
!${nearest}
<p class="quiet">Status ${problem.status}, request ${problem.requestId}</p>`,
  )
}

import DOMPurify, { type Config } from 'dompurify'
import type { HeldBack } from './held-back.ts'

const CONFIG: Config & { readonly RETURN_DOM_FRAGMENT: true } = {
  USE_PROFILES: { html: true, svg: true, mathMl: true },
  // A text may begin with its style, as that of a styled table does.
  FORCE_BODY: true,
  // Whatever sends, asks or loads: the policy of the document stops it as well.
  FORBID_TAGS: ['form', 'audio', 'video', 'link', 'meta', 'base'],
  FORBID_ATTR: ['ping', 'target', 'action', 'formaction', 'autofocus'],
  RETURN_DOM_FRAGMENT: true,
}

/** HTML of a stranger as elements that do nothing. Scripts and the like are left out, and told to `heldBack`. */
export function cleaned(html: string, heldBack: HeldBack): DocumentFragment {
  const fragment = DOMPurify.sanitize(html, CONFIG)
  for (const one of DOMPurify.removed)
    if ('element' in one && one.element instanceof Element) heldBack.removed(one.element)
  return fragment
}

import dns from 'node:dns/promises'
import ipaddr from 'ipaddr.js'
import { RunnerError } from '../errors.ts'

interface HostAddress {
  readonly address: string
  readonly family: number
}

/** All addresses of a name. */
export type Resolve = (host: string) => Promise<readonly HostAddress[]>

/** Where the service may fetch from (OWASP ASVS 5.0, 1.3.6 and 15.3.2: an allow-list of protocols, hosts, ports). */
export interface FetchPolicy {
  /** `host` (the scheme's default port), `host:port`, `*.example.org` (its subdomains) or `*` (any). */
  readonly allowedHosts: readonly string[]
  /** Origin of the operator's own catalogue: needs no listing, and may have a private or loopback address. */
  readonly ownOrigin?: string
  /** The system's resolver unless told otherwise. */
  readonly resolve?: Resolve
}

/** A refusal or failure with its one reason. The host is named; the path, which may hold a secret, is not. */
export function unavailable(host: string, reason: string, cause?: unknown): RunnerError {
  return new RunnerError(
    'template-unavailable',
    `Nothing can be fetched from ${host || 'there'}: ${reason}.`,
    { cause },
  )
}

/**
 * The URL by WHATWG's rules, which write decimal, octal, hexadecimal and short IPv4 forms in the one usual way, with
 * everything checked that can be without asking for addresses. Throws `template-unavailable`.
 */
export function checkedUrl(text: string, policy: FetchPolicy): URL {
  const url = URL.parse(text)
  if (url === null) throw unavailable('', 'its address is not a URL')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw unavailable(url.host, `only http and https are fetched, not ${url.protocol.slice(0, -1)}`)
  }
  if (url.username !== '' || url.password !== '') {
    throw unavailable(url.host, 'its URL holds a user name or a password, which is not allowed')
  }
  if (url.origin === policy.ownOrigin) return url
  if (!policy.allowedHosts.some((pattern) => matches(pattern.toLowerCase(), url.host))) {
    throw unavailable(url.host, 'it is not among the hosts that notebooks may come from')
  }
  // The system's resolver is never asked about a literal address, so `checkedAddresses` would not see it.
  const literal = url.hostname.replace(/^\[(.*)\]$/, '$1')
  if (ipaddr.isValid(literal) && !isPublic(literal)) throw notPublic(url.host)
  return url
}

/** The next hop of a redirect: under the same policy, and two rules more. Throws `template-unavailable`. */
export function checkedRedirect(from: URL, to: URL, policy: FetchPolicy): URL {
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw unavailable(from.host, 'it redirects from https to http')
  }
  const url = checkedUrl(to.href, policy)
  // Others must not steer requests into the operator's network; only that network's own catalogue may.
  if (url.origin === policy.ownOrigin && from.origin !== policy.ownOrigin) {
    throw unavailable(from.host, 'it redirects to the host of the catalogue')
  }
  return url
}

/**
 * The addresses to connect to. They are used as they are, with no second look-up, so that a name cannot answer
 * with one address to the check and with another to the connection. One bad address spoils the name.
 */
export async function checkedAddresses(host: string, policy: FetchPolicy, mayBePrivate: boolean) {
  const addresses = await (policy.resolve ?? resolveBySystem)(host)
  if (addresses.length === 0) throw unavailable(host, 'its name has no address')
  if (!mayBePrivate && !addresses.every(({ address }) => isPublic(address))) throw notPublic(host)
  return addresses
}

const resolveBySystem: Resolve = (host) => dns.lookup(host, { all: true })

function notPublic(host: string): RunnerError {
  return unavailable(host, 'it has an address that is not a public one')
}

// 2000::/3 is all that IANA has given out as global unicast. Outside of it ipaddr.js calls some `unicast` that are
// not, such as the IPv4-compatible ::127.0.0.1.
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')

/**
 * True for addresses of the open internet only: nothing private, local, reserved, shared (100.64/10) or multicast,
 * and none that embeds another address (IPv4-mapped, NAT64, 6to4, Teredo).
 */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.parse(address)
  if (parsed.range() !== 'unicast') return false
  return parsed.kind() === 'ipv4' || parsed.match(GLOBAL_UNICAST)
}

/** `host` has its port only where it is not the scheme's default (WHATWG). */
function matches(pattern: string, host: string): boolean {
  if (pattern === '*') return true
  return pattern.startsWith('*.')
    ? host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1
    : host === pattern
}

import { BlockList, isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'

/** In which forward-auth proxies pass the access token of who is signed in (oauth2-proxy: the first by itself, the second as nginx passes it on). */
const HEADERS = ['x-forwarded-access-token', 'x-auth-request-access-token']

/** Reads the access token that a trusted proxy has put on a browser's request. */
export type ForwardedToken = (request: FastifyRequest) => string | undefined

/** @param proxies addresses and networks; of anybody else's request these headers are nothing */
export function forwardedTokens(proxies: readonly string[]): ForwardedToken {
  const trusted = new BlockList()
  for (const proxy of proxies) {
    const [address = '', bits] = proxy.split('/')
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6'
    if (bits === undefined) trusted.addAddress(address, family)
    else trusted.addSubnet(address, Number(bits), family)
  }
  return ({ socket, headers }) => {
    const found = HEADERS.map((name) => headers[name]).find((value) => value !== undefined && value !== '')
    const { remoteAddress = '' } = socket
    // The peer of the connection: what X-Forwarded-For says of it is not asked.
    if (found === undefined || isIP(remoteAddress) === 0) return undefined
    const family = isIP(remoteAddress) === 4 ? 'ipv4' : 'ipv6'
    return trusted.check(remoteAddress, family) ? String(found) : undefined
  }
}

import { bearerVerifier } from '../src/identity/bearer.ts'
import { startIssuer } from '../test/support/issuer.ts'
import { round, table } from './table.ts'

const TOKENS = 500

/** The check of an access token while the issuer's keys are there: one never seen, and one that comes again. */
export async function benchBearer(): Promise<string> {
  await using issuer = await startIssuer()
  await using verifier = bearerVerifier({ issuer: issuer.url, audiences: ['eodhp'] })
  await verifier.verify(await issuer.mint())
  const rows: (readonly (string | number)[])[] = []
  for (const key of issuer.keys) {
    const header = { alg: key.alg, kid: key.kid }
    const tokens: string[] = []
    for (let index = 0; index < TOKENS; index++)
      tokens.push(await issuer.mint({ key, header, claims: { jti: `${index}` } }))
    for (const when of ['never seen', 'again']) {
      const times: number[] = []
      for (const token of tokens) {
        const begun = performance.now()
        await verifier.verify(token)
        times.push(performance.now() - begun)
      }
      const sorted = times.toSorted((a, b) => a - b)
      const at = (share: number) => round(sorted[Math.floor(TOKENS * share)] ?? Number.NaN, 3)
      rows.push([key.alg, when, at(0.5), at(0.95)])
    }
  }
  return [
    `## Check of an access token, keys cached, ${TOKENS} tokens`,
    '',
    table(['signature', 'token', 'p50 ms', 'p95 ms'], rows),
  ].join('\n')
}

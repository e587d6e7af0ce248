// Installs what is missing, and nothing else: `npm start` and `npm test` begin with it. It runs on any Node from 20
// on, before a single package is there, so it is plain JavaScript without dependencies. With nothing to do it only
// compares a few stamps.
//
//   node scripts/setup.mjs [--packages | --test]
//
//   --packages   the npm packages only
//   --test       also the environment of the test oracles
import { isReady, PARTS } from './setup/parts.mjs'

const wanted = process.argv.includes('--packages')
  ? [PARTS.packages]
  : process.argv.includes('--test')
    ? [PARTS.packages, PARTS.kernels, PARTS.oracles]
    : [PARTS.packages, PARTS.kernels]

if (!wanted.every(isReady)) {
  const { install } = await import('./setup/install.mjs')
  process.exitCode = await install(wanted)
}

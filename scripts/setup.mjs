// Installs and builds what is missing, and nothing else: `npm start` and `npm test` begin with it. It runs on any Node from 20
// on, before a single package is there, so it is plain JavaScript without dependencies. With nothing to do it only
// compares a few stamps.
//
//   node scripts/setup.mjs [--packages | --service | --test | --bench | --platform]
//
//   --packages   the npm packages only
//   --service    also the pages: what a service without kernels of its own needs
//   --test       also the environment of the test oracles, and two JupyterHubs
//   --bench      that, and the service to compare with
//   --platform   what a platform on this machine is made of: Keycloak, JupyterHub with JupyterLab, an S3 server
import { isReady, PARTS } from './setup/parts.mjs'

const { packages, pages, kernels, oracles, hub5, hub6, platformHub, keycloak, reference } = PARTS
/** @type {Record<string, readonly import('./setup/parts.mjs').Part[]>} */
const sets = {
  '--packages': [packages],
  '--service': [packages, pages],
  '--test': [packages, pages, kernels, oracles, hub5, hub6],
  '--platform': [packages, pages, kernels, oracles, platformHub, keycloak],
  '--bench': [packages, pages, kernels, oracles, reference],
}
const wanted = sets[process.argv[2] ?? ''] ?? [packages, pages, kernels]

if (!wanted.every(isReady)) {
  const { install } = await import('./setup/install.mjs')
  process.exitCode = await install(wanted)
}

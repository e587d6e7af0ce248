import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import manifest from '../../package.json' with { type: 'json' }
import { chartFiles } from './support/chart.ts'
import { kubernetesTools } from './support/tools.ts'

// npm run chart: makes deploy/helm/notebook-runner of the manifests.

const CHART = join(import.meta.dirname, '../../deploy/helm/notebook-runner')

await rm(CHART, { recursive: true, force: true })
for (const [name, text] of await chartFiles(`${await kubernetesTools()}/kubectl`, manifest.version)) {
  const path = join(CHART, name)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
}
process.stdout.write(`${CHART}\n`)

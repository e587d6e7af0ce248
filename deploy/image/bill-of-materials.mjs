// Reads what `npm sbom --sbom-format cyclonedx` printed, and prints the bill of materials of an image: what was taken out
// of it afterwards is not in it, and it is the same whenever and wherever the image is built.
//   bill-of-materials.mjs FOLDER < sbom.json, where FOLDER has node_modules as the image has it
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const [folder = '.'] = process.argv.slice(2)
const { serialNumber: _, ...bill } = JSON.parse(readFileSync(0, 'utf8'))
const manifestOf = (path) => JSON.parse(readFileSync(join(folder, path), 'utf8'))
const installed = new Set(
  globSync(['**/node_modules/*/package.json', '**/node_modules/@*/*/package.json'], { cwd: folder })
    .map(manifestOf)
    .map(({ name, version }) => `${name}@${version}`),
)
const components = bill.components.filter(({ name, version }) => installed.has(`${name}@${version}`))
const root = bill.metadata.component
const kept = new Set([root, ...components].map((component) => component['bom-ref']))
const dependencies = bill.dependencies
  .filter(({ ref }) => kept.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => kept.has(each)) }))
const { timestamp: __, ...metadata } = bill.metadata
const { name } = manifestOf('package.json')
process.stdout.write(
  JSON.stringify({
    ...bill,
    metadata: { ...metadata, component: { ...root, type: 'application', name } },
    components,
    dependencies,
  }),
)

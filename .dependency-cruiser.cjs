// Imports point one way: main → cli → context → http → run, identity → kernel, catalog, storage → notebook → errors.
// `npm run check` fails on one that points back. test/check.test.ts plants a bad one to prove it.
const layers = {
  errors: [],
  notebook: ['errors'],
  storage: ['errors'],
  kernel: ['errors', 'notebook'],
  database: ['errors'],
  catalog: ['errors', 'notebook', 'storage'],
  identity: ['errors'],
  run: ['errors', 'database', 'notebook', 'catalog', 'storage', 'kernel', 'identity'],
  http: ['errors', 'notebook', 'catalog', 'storage', 'kernel', 'identity', 'run'],
  config: ['errors'],
  context: ['errors', 'config', 'database', 'notebook', 'catalog', 'storage', 'kernel', 'identity', 'run', 'http'],
  cli: ['errors', 'config', 'context', 'notebook', 'catalog', 'kernel', 'run'],
  main: ['errors', 'cli'],
}
const names = Object.keys(layers)
const at = (list) => `^src/(${list.join('|')})(/|\\.ts$)`
module.exports = {
  forbidden: [
    ...names.map((name) => ({
      name: `${name}-imports-one-way`,
      severity: 'error',
      from: { path: at([name]) },
      to: { path: '^src/', pathNot: at([name, ...layers[name]]) },
    })),
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'notebook-is-pure',
      comment: 'The core does no I/O and reads no clock: bytes in, bytes out.',
      severity: 'error',
      from: { path: '^src/notebook/' },
      to: { dependencyTypes: ['core'] },
    },
    { name: 'a-layer-is-named', severity: 'error', from: { path: '^src/', pathNot: at(names) }, to: {} },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    parser: 'swc',
    moduleSystems: ['es6'],
    enhancedResolveOptions: { extensions: ['.ts', '.mjs', '.js'], exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
}

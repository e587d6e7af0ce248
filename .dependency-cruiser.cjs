// Imports point one way: main → cli → context → http → run → identity → kernel, catalog, storage, database → notebook → errors.
// `npm run check` fails on one that points back. test/check/ plants bad ones to prove it.
const layers = {
  errors: [],
  notebook: ['errors'],
  tracing: ['errors'],
  storage: ['errors'],
  kernel: ['errors', 'process', 'notebook'],
  process: ['errors'],
  database: ['errors', 'process'],
  catalog: ['errors', 'notebook', 'storage'],
  identity: ['errors', 'database'],
  run: ['errors', 'tracing', 'database', 'notebook', 'catalog', 'storage', 'kernel', 'identity'],
  http: ['errors', 'tracing', 'notebook', 'catalog', 'storage', 'kernel', 'identity', 'run'],
  config: ['errors'],
  context: [
    'errors',
    'tracing',
    'config',
    'database',
    'notebook',
    'catalog',
    'storage',
    'kernel',
    'identity',
    'run',
    'http',
  ],
  doctor: ['errors', 'config', 'database', 'notebook', 'storage', 'kernel', 'catalog', 'identity'],
  cli: [
    'errors',
    'config',
    'context',
    'doctor',
    'identity',
    'process',
    'notebook',
    'catalog',
    'kernel',
    'run',
  ],
  main: ['errors', 'cli'],
}
const names = Object.keys(layers)

// swc's visitor, by which the imports are found, stops at a `using`: it is visited like a `const`.
const { Visitor } = require('@swc/core/Visitor')
const { visitStatement } = Visitor.prototype
Visitor.prototype.visitStatement = function (statement) {
  if (statement.type !== 'UsingDeclaration') return visitStatement.call(this, statement)
  this.visitVariableDeclarators(statement.decls)
  return statement
}

const WITH_SCHEMAS =
  '^src/(http/(openapi|openapi-jobs|[a-z]+-schema)|catalog/(stac-preview|preview-worker))[.]ts$'

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
    {
      name: 'schemas-are-loaded-late',
      comment:
        'The library of schemas takes 15 MiB: only what is imported at its first use, or in a thread, may have it.',
      severity: 'error',
      from: { path: '^src/', pathNot: WITH_SCHEMAS },
      to: { path: [WITH_SCHEMAS, 'typebox'], dependencyTypesNot: ['type-only', 'dynamic-import'] },
    },
    { name: 'a-layer-is-named', severity: 'error', from: { path: '^src/', pathNot: at(names) }, to: {} },
    {
      name: 'a-named-layer-is-imported',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: at(names) },
    },
    {
      name: 'src-imports-src',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|scripts)/' },
    },
    {
      name: 'opentelemetry-is-loaded-when-wanted',
      comment: 'It takes memory and time to load, and most services have no use for it.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/tracing/open-telemetry' },
      to: {
        path: '^src/tracing/(open-telemetry|told-exporter)',
        dynamic: false,
        dependencyTypesNot: ['type-only'],
      },
    },
    { name: 'imports-exist', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    parser: 'swc',
    moduleSystems: ['es6'],
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
}

/** Dependencies point down: services -> packages -> domain -> contract. No service imports another; the launcher alone composes them. */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'domain-is-pure',
      comment: 'The domain imports nothing of ours but the generated contract, and nothing of Node.',
      severity: 'error',
      from: { path: '^packages/domain/src', pathNot: ['\\.test\\.ts$', '/render-[a-z-]+\\.ts$'] },
      to: { pathNot: ['^packages/domain/src', '^proto/src'] },
    },
    {
      name: 'contract-stands-alone',
      severity: 'error',
      from: { path: '^proto/src', pathNot: '\\.test\\.ts$' },
      to: { path: '^(packages|services|deploy|test)/' },
    },
    {
      name: 'packages-know-no-service',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^(services|deploy)/' },
    },
    {
      name: 'no-service-imports-another',
      severity: 'error',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^services/([^/]+)/', pathNot: '^services/$1/' },
    },
    {
      name: 'services-know-no-launcher',
      severity: 'error',
      from: { path: '^services/' },
      to: { path: '^deploy/' },
    },
    {
      name: 'simulator-shares-no-code-with-its-adapter',
      severity: 'error',
      from: { path: '^test/simulator/' },
      to: { path: '^(packages|services|proto)/' },
    },
    {
      name: 'doubles-share-no-code-with-adapters',
      severity: 'error',
      comment: 'packages/infra starts servers of other people, vendors’ own among them, and has no adapter.',
      from: { path: '^test/doubles/' },
      to: { path: '^(packages|services|proto)/', pathNot: '^packages/infra/' },
    },
    {
      name: 'providers-are-pure',
      severity: 'error',
      from: { path: '^packages/providers/src', pathNot: '\\.test\\.ts$' },
      to: { path: '^packages/(event-store|event-bus|work-table|read-models|platform)/' },
    },
    {
      name: 'no-deep-imports-into-a-workspace',
      comment: 'Each package has one public index (and some a testing one).',
      severity: 'error',
      from: { path: '^(proto|packages/[^/]+|services/[^/]+|deploy/[^/]+|test/[^/]+)/' },
      to: {
        path: '^(proto|packages/[^/]+|services/[^/]+)/src/',
        pathNot: ['^$1/', '/src/(index|testing|testing/index)\\.ts$', '^proto/src/topics\\.ts$'],
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(/dist/|/gen/)' },
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'node', 'default'],
    },
  },
};

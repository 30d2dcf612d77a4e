/** Tests run from source in ESM mode; workspaces resolve to their src/ through the `source` condition. */
export default {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  roots: [
    '<rootDir>/proto',
    '<rootDir>/packages',
    '<rootDir>/services',
    '<rootDir>/deploy',
    '<rootDir>/test',
    '<rootDir>/web',
    '<rootDir>/scripts',
    '<rootDir>/bench',
  ],
  testMatch: ['**/*.test.ts'],
  modulePathIgnorePatterns: ['/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    // It has a condition `source` of its own, which means its TypeScript.
    '^eventsource-parser$': '<rootDir>/node_modules/eventsource-parser/dist/index.cjs',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
  testTimeout: 300_000,
  maxWorkers: 2,
};

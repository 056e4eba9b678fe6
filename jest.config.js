// Native ES modules, transformed by swc; packages resolve to their sources (condition "source").
const project = (name, testMatch) => ({
  displayName: name,
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'import', 'default'] },
  extensionsToTreatAsEsm: ['.ts'],
  testMatch,
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/build/', '/lib/'],
  modulePathIgnorePatterns: ['<rootDir>/build/', '<rootDir>/dist/'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
});

export default {
  // A limit for what hangs: other machines are several times slower than the one a test was written on.
  testTimeout: 60_000,
  projects: [
    project('unit', [
      '<rootDir>/packages/*/test/**/*.test.ts',
      '<rootDir>/actions/*/test/**/*.test.ts',
      '<rootDir>/test/unit/**/*.test.ts',
    ]),
    project('e2e', ['<rootDir>/test/e2e/**/*.test.ts']),
  ],
};

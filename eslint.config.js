// The boundaries of docs/architecture.md as rules: main -> adapters -> ports <- run -> domain -> errors.
import js from '@eslint/js';
import globals from 'globals';
import tseslint from 'typescript-eslint';

const effects = [
  {
    group: ['node:*', '@actions/*', '@kubernetes/*', '@octokit/*'],
    message: 'Effects come through the ports of packages/core/src/ports.',
  },
];
const adapters = { group: ['**/adapters/**'], message: 'Only main.ts names adapters; take a port instead.' };
const testing = { group: ['@delivery/testing/*'], message: 'What tests use is not shipped.' };
const actions = {
  regex: '^(\\.\\./){2,}[a-z-]+/src/',
  message: 'Actions never import each other; what two need goes to packages/core.',
};
const barrels = {
  regex: '(^@delivery/(core|testing)$|/index[.]ts$)',
  message: 'There are no barrels: import the file.',
};

const ambient = ['process', 'console', 'fetch', 'setTimeout', 'setInterval', 'Buffer'].map((name) => ({
  name,
  message: 'Neither domain nor run touches the world: take a port.',
}));
const time = [
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'The time comes from the Clock port.' },
  {
    selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    message: 'The time comes from the Clock port.',
  },
];

const limit = (...patterns) => ({ '@typescript-eslint/no-restricted-imports': ['error', { patterns }] });

export default tseslint.config(
  { ignores: ['**/node_modules/', 'build/', 'dist/', '**/lib/', 'coverage/', 'test/ground/kube/', 'test/ground/dns/'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      globals: globals.node,
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      ...limit(barrels),
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      // What comes from outside holds control characters; naming them is the point of the patterns that remove them.
      'no-control-regex': 'off',
      // Ports are asynchronous; a fake or a small adapter may have nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      'max-depth': ['error', 4],
      complexity: ['error', 15],
    },
  },
  { files: ['**/*.js'], ...tseslint.configs.disableTypeChecked },
  {
    files: ['packages/core/src/**/*.ts', 'actions/*/src/**/*.ts'],
    rules: { ...limit(barrels, testing, actions), 'no-console': 'error' },
  },
  {
    files: ['packages/core/src/{errors,domain,ports}/**/*.ts', 'actions/*/src/{plan,inputs}.ts'],
    rules: {
      ...limit(barrels, testing, actions, adapters, ...effects),
      'no-restricted-globals': ['error', ...ambient],
      'no-restricted-syntax': ['error', ...time],
    },
  },
  {
    files: ['packages/core/src/errors/**/*.ts'],
    rules: { ...limit(barrels, { group: ['../*', '@delivery/*'], message: 'errors stand on nothing.' }) },
  },
  {
    files: ['packages/core/src/domain/**/*.ts'],
    rules: {
      ...limit(barrels, testing, adapters, ...effects, {
        group: ['**/ports/**', '**/action/**'],
        message: 'The domain knows neither ports nor the runtime.',
      }),
    },
  },
  {
    files: ['packages/core/src/adapters/**/*.ts', 'actions/*/src/adapters/**/*.ts'],
    // It makes the step that the runtime runs.
    ignores: ['packages/core/src/adapters/runner-step.ts'],
    rules: {
      ...limit(barrels, testing, actions, {
        group: ['**/action/**'],
        allowTypeImports: true,
        message: 'Adapters stand below the runtime: what both need goes to the domain or beside the ports.',
      }),
    },
  },
  {
    files: ['packages/core/src/action/**/*.ts', 'actions/*/src/**/*.ts'],
    ignores: ['actions/*/src/{main,plan,inputs}.ts', 'actions/*/src/adapters/**'],
    rules: {
      ...limit(barrels, testing, actions, adapters, ...effects),
      'no-restricted-globals': ['error', ...ambient.filter(({ name }) => name !== 'Buffer')],
      'no-restricted-syntax': ['error', ...time],
    },
  },
  {
    files: ['**/test/**/*.ts', 'packages/testing/src/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
);

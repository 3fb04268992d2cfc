import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const syntax = {
  as: {
    selector: 'TSAsExpression:not([typeAnnotation.typeName.name="const"])',
    message: 'parse or narrow instead of asserting (style §20)',
  },
  date: { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: 'ask ctx.clock (style §6)' },
  defaultExport: { selector: 'ExportDefaultDeclaration', message: 'named exports only (style §3)' },
  jsEnding: { selector: 'ImportDeclaration[source.value=/^\\..*\\.js$/]', message: 'imports end in .ts (style §21)' },
  pipe: { selector: 'CallExpression[callee.property.name="pipe"]', message: 'use pipeline or for await (style §11)' },
  flag: {
    selector:
      'ExportNamedDeclaration > FunctionDeclaration > Identifier.params[typeAnnotation.typeAnnotation.type="TSBooleanKeyword"]',
    message: 'no positional booleans (style §4)',
  },
  privateKeyword: {
    selector: 'PropertyDefinition[accessibility="private"], MethodDefinition[accessibility="private"]',
    message: 'use #private (style §2)',
  },
  recursiveOpendir: {
    selector: 'CallExpression[callee.name="opendir"], CallExpression[callee.property.name="opendir"]',
    message: 'opendir loses entries on Node 20; use readdir',
  },
};
const everywhere = Object.values(syntax);
const worldlyProperties = [
  { object: 'process', property: 'env', message: 'only bin, cli, options read the environment (design §3)' },
  { object: 'process', property: 'exit', message: 'only bin and cli end the process (design §3)' },
  { object: 'Date', property: 'now', message: 'ask ctx.clock (style §6)' },
  { object: 'Math', property: 'random', message: 'ask node:crypto at the edge (style §6)' },
];

export default tseslint.config(
  { ignores: ['dist/', '.build/', 'node_modules/', 'testdata/'] },
  js.configs.recommended,
  {
    files: ['src/**/*.ts', 'test/**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-inferrable-types': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreVoidOperator: true, ignoreArrowShorthand: true },
      ],
      '@typescript-eslint/no-floating-promises': [
        'error',
        { allowForKnownSafeCalls: [{ from: 'package', package: 'node:test', name: ['it', 'describe', 'test'] }] },
      ],
      'max-params': ['error', 4],
      'max-lines': ['error', 400],
      'no-console': 'error',
      'no-empty': 'error',
      'no-restricted-syntax': ['error', ...everywhere],
      'no-restricted-properties': ['error', ...worldlyProperties],
      'no-restricted-imports': ['error', { paths: ['node:process', 'process'] }],
    },
  },
  {
    // AssemblyScript: TypeScript's syntax, types of its own (asc checks them), numbers that wrap and names that are not declared.
    files: ['assembly/**/*.ts'],
    languageOptions: { parser: tseslint.parser },
    rules: {
      'no-undef': 'off',
      'no-loss-of-precision': 'off',
      'no-unused-vars': ['error', { args: 'none' }],
      'max-params': ['error', 4],
      'max-lines': ['error', 400],
      'no-restricted-syntax': ['error', ...everywhere],
    },
  },
  {
    files: ['src/core/clock.ts', 'src/cli/**/*.ts', 'src/options/**/*.ts'],
    rules: {
      'no-restricted-properties': 'off',
      'no-restricted-syntax': ['error', ...everywhere.filter((rule) => rule !== syntax.date)],
    },
  },
  {
    files: ['src/schema/**/*.ts', 'src/core/text-modules.d.ts', 'src/registry/transport-parts.d.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...everywhere.filter((rule) => rule !== syntax.as && rule !== syntax.defaultExport),
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      'no-restricted-properties': 'off',
      'no-restricted-syntax': ['error', syntax.defaultExport, syntax.jsEnding],
      'max-lines': ['error', 600],
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    files: ['scripts/**/*.mjs', 'bin/**'],
    languageOptions: {
      globals: {
        console: 'readonly',
        process: 'readonly',
        performance: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
        fetch: 'readonly',
        AbortController: 'readonly',
        AbortSignal: 'readonly',
      },
    },
  },
);

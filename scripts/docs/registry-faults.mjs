// The fault matrix, as test/registry/fault-matrix.test.ts saw it and keeps it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../bootstrap.mjs';
import { code, page, table } from './markdown.mjs';

const OPERATIONS = {
  resolve: 'resolve a tag',
  pull: 'pull into a layout that has another image',
  push: 'push over a tag that has another image',
  copy: 'copy from one repository of the registry to another',
  tags: 'list tags',
  referrers: 'list referrers',
  analyze: 'the analyze phase: run image, right to write',
};

export function renderRegistryFaults(file) {
  const rows = JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
  const groups = [...new Set(rows.map(({ group }) => group))];
  const used = Object.entries(OPERATIONS).filter(([name]) => rows.some(({ operation }) => operation === name));
  return page(
    'What a registry can do wrong',
    `${file}, which test/registry/fault-matrix.test.ts keeps`,
    'Each row is a test: a registry that does this, an operation, and how it ends. `REGISTRY` is the registry, `OTHER` another origin. *Warning: ' +
      'repeats* announces each repeat with its reason. The exit code is that of `slipway`, in the analyze phase 32; other phases have ' +
      'their own ([error codes](errors.md)). *whole*: everything arrived, digests checked. *as before*: the tag or entry leads to what it ' +
      'led to, and nothing half-made can be seen. In every row, no request to another origin carries credentials.',
    used.map(([name, text]) => `- **${name}**: ${text}`).join('\n'),
    ...groups.flatMap((group) => [
      `## ${group}`,
      table(
        ['fault', 'operation', 'what you see', 'exit', 'result'],
        rows
          .filter((row) => row.group === group)
          .map((row) => [row.fault, row.operation, seen(row), row.exit, row.result]),
      ),
    ]),
  );
}

function seen({ isRepeated, code: name, message }) {
  return [
    ...(isRepeated ? ['warning: repeats'] : []),
    ...(name === undefined ? [] : [`${code(name)} ${message}`]),
  ].join('; ');
}

// docs/reference/mutations.md: seeded faults and the tests that notice them.
import { code, table } from './markdown.mjs';

export function renderMutations(results) {
  return [
    '# Seeded faults',
    '<!-- Made by scripts/mutate.mjs --write from scripts/mutations.json; change it there. -->',
    'Do the tests notice a fault? `npm run mutate` puts each of these into a copy of the sources, one at a time, and runs tests that should fail. ' +
      'The last column is the first that did, in the run that wrote this page. A fault that slips through gets a test.',
    `<!-- prettier-ignore -->\n${table(
      ['fault', 'in', 'what is wrong then', 'noticed by'],
      results.map(({ id, file, fault, by }) => [code(id), code(file), fault, by]),
    )}`,
    '',
  ].join('\n\n');
}

/** What the page says: fault → the test that noticed it. */
export function readNoticed(text) {
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  return new Map(rows.map((line) => line.slice(2, -2).split(' | ')).map((cells) => [cells[0].slice(1, -1), cells[3]]));
}

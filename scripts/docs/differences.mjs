// docs/reference/differences.md: the checked-in list of what is done otherwise than by the Go lifecycle.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../bootstrap.mjs';
import { code, page, table } from './markdown.mjs';

const HEAD = ['id', 'the Go lifecycle or pack', 'Slipway', 'why', 'golden', 'proven by'];

export function renderDifferences(path) {
  const { intro, sections, notYet } = JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
  return page(
    'Differences from the Go lifecycle and pack',
    path,
    intro,
    ...sections.flatMap((section) => chapter(section, HEAD, cells)),
    ...chapter(notYet, ['asked for', 'answer', 'exit'], ({ asked, answer, exit }) => [asked, answer, exit]),
  );
}

function chapter({ title, intro, rows }, head, toCells) {
  const text = intro === undefined ? [] : [intro];
  return [`## ${title}`, ...text, `<!-- prettier-ignore -->\n${table(head, rows.map(toCells))}`];
}

function cells({ id, theirs, ours, why, gaps = [], golden, provenBy, exits = {} }) {
  const numbers = gaps.map((gap) => `GAP-${gap}`).join(', ');
  const their = numbers === '' ? theirs : `${theirs} (${numbers})`;
  const codes = Object.entries(exits).map(([step, exit]) => `\`${step}\`: ${recordedExit(step)} → ${exit}`);
  return [code(id), their, [ours, ...codes].join('; '), why, golden === true ? 'golden' : '', provenBy];
}

/** The exit code of `case/step` in testdata/golden/failures. */
function recordedExit(name) {
  const cases = JSON.parse(readFileSync(join(ROOT, 'testdata/golden/failures/runs.json'), 'utf8'));
  const steps = cases.flatMap((each) => each.steps.map((step) => ({ ...step, path: `${each.name}/${step.step}` })));
  return steps.find((step) => step.path === name).exitCode;
}

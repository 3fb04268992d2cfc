// Verdicts of the comparisons with recorded runs → Markdown.
import { code, plainPage, table } from '../docs/markdown.mjs';

const CHECKS = ['exit code', 'diffIDs', 'config', 'labels', 'manifest', 'files', 'cache'];
const INTRO =
  'What the last `npm run golden -- --write` found: recorded runs of the Go lifecycle, repeated and compared. *equal* is without any exception: ' +
  'config means its bytes, labels and files are compared as data (`metadata.toml` byte for byte), cache is the metadata of the cache. Behind *allowed* are the rows of ' +
  '[the list of differences](differences.md) that allow it, and the fields that differ. n.a.: nothing of the kind was recorded or made.';

export function renderGolden(verdicts) {
  const of = (name) => verdicts.filter((verdict) => verdict.table === name);
  return plainPage(
    'Comparison with the Go lifecycle',
    'Made by scripts/golden.mjs --write from the recorded runs in testdata/golden.',
    INTRO,
    '## Images, files and caches',
    `<!-- prettier-ignore -->\n${images(of('images'))}`,
    '## Failures',
    'Exit codes, theirs → ours.',
    `<!-- prettier-ignore -->\n${list(of('failures'), ['case', 'step', 'exit code', 'verdict'])}`,
    '## Launcher',
    'Exit code, standard output and whether anything is on standard error, for each shell of this machine.',
    `<!-- prettier-ignore -->\n${list(of('launcher'), ['run', 'shell', '', 'verdict'])}`,
  );
}

function images(verdicts) {
  const cases = [...new Set(verdicts.map((verdict) => verdict.case))].sort();
  const cell = (name, check) => {
    const found = verdicts.find((verdict) => verdict.case === name && verdict.check === check);
    return found === undefined ? 'n.a.' : shown(found);
  };
  return table(
    ['case', ...CHECKS],
    cases.map((name) => [code(name), ...CHECKS.map((check) => cell(name, check))]),
  );
}

function list(verdicts, head) {
  const sorted = [...verdicts].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  return table(
    head,
    sorted.map((verdict) => [
      code(verdict.case),
      verdict.check,
      verdict.detail ?? '',
      shown({ ...verdict, detail: '' }),
    ]),
  );
}

function key(verdict) {
  return `${verdict.case}/${verdict.check}`;
}

function shown({ verdict, rows, detail = '' }) {
  const fields = detail === '' ? '' : ` in ${detail.split(', ').map(code).join(', ')}`;
  if (verdict === 'equal') return 'equal';
  return verdict === 'allowed' ? `allowed (${rows.map(code).join(', ')})${fields}` : `**unequal**${fields}`;
}

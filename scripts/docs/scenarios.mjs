// Which test asserts which scenario: ids in parentheses at the end of test names, against the list of test/house/scenarios.json.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../bootstrap.mjs';
import { page } from './markdown.mjs';

const LIST = 'test/house/scenarios.json';
const ID = '(?:GAP|[A-Z])-\\d+[a-z]?';
/** `… (C-14)'`, `… (A-03, GAP-1)\``: the ids and the quote that ends the name. */
const IDS_AT_END = new RegExp(`\\((${ID}(?:, ?${ID})*)\\)(['"\`])`, 'g');
/** Where the explanation begins so, a part of the scenario is tested. */
const PARTLY = 'partly: ';

/** Groups, and scenarios with the tests that name them; ids that tests name and the list does not know. */
export function readScenarios() {
  const { groups, scenarios } = JSON.parse(readFileSync(join(ROOT, LIST), 'utf8'));
  const tests = testFiles().flatMap((file) => namedIn(file));
  const known = new Set(scenarios.map(({ id }) => id));
  return {
    groups,
    scenarios: scenarios.map((scenario) => ({
      ...scenario,
      tests: tests.filter(({ ids }) => ids.includes(scenario.id)),
    })),
    unknown: tests.flatMap(({ ids, file, name }) =>
      ids.filter((id) => !known.has(id)).map((id) => `${id} in ${file}: ${name}`),
    ),
  };
}

/** Ids without a test and without an explanation. */
export function missingOf(scenarios) {
  return scenarios.filter(({ tests, explained }) => tests.length === 0 && explained === undefined).map(({ id }) => id);
}

/** Ids that are tested although their explanation says that they are not, or explained as partly tested and are not. */
export function doubtfulOf(scenarios) {
  return scenarios
    .filter(({ explained }) => explained !== undefined)
    .filter(({ explained, tests }) => explained.startsWith(PARTLY) !== tests.length > 0)
    .map(({ id }) => id);
}

export function renderScenarios() {
  const { groups, scenarios } = readScenarios();
  return page(
    'Scenarios and their tests',
    `${LIST} and the names of the tests`,
    'What the Go lifecycle does and its users rely on, as observations with a number each, and its known gaps with what is done here ' +
      'instead. A test that asserts one has the number at the end of its name.',
    ...Object.entries(groups).flatMap(([letter, title]) => [
      `## ${title}`,
      scenarios
        .filter(({ id }) => id.startsWith(`${letter}-`))
        .map(renderOne)
        .join('\n'),
    ]),
  );
}

function renderOne({ id, text, explained, tests }) {
  const files = [...new Set(tests.map(({ file }) => file))];
  return [
    `- **${id}** ${text}`,
    ...(explained === undefined ? [] : [`  - ${explained}`]),
    ...files.map((file) => `  - \`${file}\`: ${namesOf(tests.filter((test) => test.file === file))}`),
  ].join('\n');
}

function namesOf(tests) {
  return tests.map(({ name }) => `“${name.replaceAll(/[\\`*_[\]<>]/g, '\\$&')}”`).join(', ');
}

/** Every name with ids in one file. A template stays as it is written. */
function namedIn(file) {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(IDS_AT_END)].map((match) => {
    const [found, ids, quote] = match;
    const name = text.slice(startOf(text, match.index, quote), match.index);
    return { file, name: name.trim().replaceAll(/\\(['"`])/g, '$1'), ids: ids.split(/, ?/), found };
  });
}

/** After the opening quote of the literal that goes on at `end`. */
function startOf(text, end, quote) {
  for (let at = end - 1; at >= 0; at--) if (text[at] === quote && text[at - 1] !== '\\') return at + 1;
  return 0;
}

function testFiles() {
  return readdirSync(join(ROOT, 'test'), { recursive: true })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `test/${file.replaceAll('\\', '/')}`)
    .sort();
}

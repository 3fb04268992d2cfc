// The page docs/benchmarks/README.md out of the results. Nothing here looks at the machine: the same results are the same page.
import { plainPage, table } from '../../docs/markdown.mjs';
import { DATA_SETS } from '../data/sets.mjs';

const HOW =
  'Each pair runs the peer and Slipway one after the other on the same files, warm, in turns first and second; figures are medians, the ' +
  'ratio is the median of the pairs’ ratios (ours ÷ theirs, so less is better). CPU is user and system time with all children. Peak ' +
  'memory is VmHWM of the largest process. A limit with “missed” is a target that does not hold; the text below the table says why where ' +
  'it is known. A peer that was not there is a gap, never a number.';

/** `cases`: id and title of every benchmark; `remarks`: paragraphs of the authors. */
export function renderBenchmarks(results, cases, remarks = []) {
  return plainPage(
    'Benchmarks',
    'Made by scripts/bench.mjs from docs/benchmarks/results.json: `npm run bench`, or `node scripts/bench.mjs --render`.',
    HOW,
    '`npm run bench` runs everything but the long cases, `npm run bench -- B1 E2` those, `npm run bench -- --full` all with the curves. ' +
      'Peers are taken from `PATH`.',
    '![Ratios to the peers](ratios.svg)',
    '## Results',
    ...summary(results),
    table(
      ['id', 'what', 'measure', 'ours', 'peer', 'ratio', 'limit', ''],
      cases.flatMap((one) => rowsOf(one, results)),
    ),
    ...notes(results, cases),
    ...curves(results),
    ...remarks,
    '## Data',
    Object.entries(DATA_SETS)
      .map(([name, text]) => `- \`${name}\`: ${text}`)
      .join('\n'),
    '## Machine',
    ...machines(results),
    '## Runs',
    table(
      ['id', 'date', 'load before', 'pairs', 'Node', 'zlib', 'peer', 'machine'],
      cases.flatMap(({ id }) => results.rows.filter((row) => row.case === id).map((row) => runCells(row))),
    ),
  );
}

function summary(results) {
  const verdicts = results.rows.flatMap((row) => row.lines).map(verdictOf);
  const count = (word) => verdicts.filter((verdict) => verdict === word).length;
  const gaps = results.rows.filter((row) => row.gap !== undefined).length;
  if (verdicts.length === 0) return ['Nothing has been measured yet.'];
  return [
    `${String(count('met'))} limits are met, ${String(count('**missed**'))} are missed; ${String(gaps)} rows have a gap.`,
  ];
}

function rowsOf({ id, title }, results) {
  const rows = results.rows.filter((row) => row.case === id);
  if (rows.length === 0) return [[id, title, '', '', '', '', '', 'not measured yet']];
  return rows.flatMap((row) => {
    const what = [title, row.subject].filter((part) => part !== undefined).join(': ');
    const versus = row.peer === undefined ? '' : ` vs ${row.peer.title ?? row.peer.name}`;
    const lines = row.lines.length === 0 ? [{}] : row.lines;
    return lines.map((line, index) => [
      ...(index === 0 ? [id, `${what}${versus}`] : ['', '']),
      line.measure,
      amount(line.ours, line.unit),
      amount(line.peer, line.unit),
      line.ratio === undefined ? '' : line.ratio.toFixed(2),
      limitText(line),
      line.measure === undefined || (index === 0 && row.gap !== undefined) ? `gap: ${row.gap}` : verdictOf(line),
    ]);
  });
}

function limitText({ limit, of, unit }) {
  if (limit === undefined) return '';
  if (typeof limit === 'string') return limit;
  return of === 'ratio' ? `≤ ${limit.toFixed(2)}` : `≤ ${amount(limit, unit)}`;
}

/** `met`, `**missed**`, or nothing where there is no limit or no value for it. */
function verdictOf({ limit, of, ours, ratio }) {
  const value = of === 'ratio' ? ratio : ours;
  if (limit === undefined || value === undefined) return '';
  if (typeof limit === 'string') return value === limit ? 'met' : '**missed**';
  return value <= limit ? 'met' : '**missed**';
}

function amount(value, unit) {
  if (value === undefined) return '';
  return unit === undefined ? String(value) : `${String(value)} ${unit}`;
}

function notes(results, cases) {
  const lines = cases.flatMap(({ id }) =>
    results.rows
      .filter((row) => row.case === id && row.note !== undefined)
      .map((row) => `- ${id}${row.subject === undefined ? '' : `, ${row.subject}`}: ${row.note}.`),
  );
  return lines.length === 0 ? [] : [lines.join('\n')];
}

function curves({ curves: list }) {
  if (list.length === 0) return [];
  return [
    '## Curves',
    'Cost as the work grows: CPU seconds (and wall) of the exporter to a layout. The line is start + n × cost fitted to the points, with ' +
      'relative weights; the last column is how far a point is from it.',
    ...list.flatMap((curve) => [
      `![${curve.title}](${curve.file})`,
      table(
        [curve.unit, 'wall s', 'CPU s', 'peak MB', 'off the line'],
        curve.points.map((point) => [
          point.amount,
          point.wall,
          point.cpu,
          point.peakMb,
          `${(point.off * 100).toFixed(0)} %`,
        ]),
      ),
    ]),
  ];
}

function machines({ machines: known }) {
  return Object.entries(known).map(([name, facts]) => {
    const flags = [
      facts.hasShaInstructions ? 'SHA instructions' : 'no SHA instructions',
      ...(facts.hasAvx512 ? ['AVX-512'] : []),
    ];
    return `- \`${name}\`: ${String(facts.cores)} cores of ${facts.cpu} (${flags.join(', ')}), ${String(facts.memoryGb)} GB, ${facts.kernel}, ${facts.fileSystem}`;
  });
}

function runCells(row) {
  const { id = row.case, date, load, pairs, node, zlib, peer, machine, scale } = row;
  const version = peer === undefined ? '' : `${peer.name} ${peer.version}`;
  const size = scale === undefined ? '' : ` (data × ${String(scale)})`;
  return [
    `${id}${row.subject === undefined ? '' : ` ${row.subject}`}${size}`,
    date,
    load,
    pairs,
    node,
    zlib,
    version,
    `\`${machine}\``,
  ];
}

/** A line as a run prints it. */
export function amountText(line) {
  const ratio = line.ratio === undefined ? '' : `, ratio ${line.ratio.toFixed(2)}`;
  const peer = line.peer === undefined ? '' : ` vs ${amount(line.peer, line.unit)}`;
  const limit = line.limit === undefined ? '' : ` (${limitText(line)} ${verdictOf(line).replaceAll('*', '')})`;
  return `${line.measure}: ${amount(line.ours, line.unit)}${peer}${ratio}${limit}`;
}

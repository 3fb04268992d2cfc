// C1–C3: how the cost of an export grows with files, with the size of a layer and with the number of layers.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launchLayers, manyFiles, oneFile } from '../data/sets.mjs';
import { ExportBed, ourExporter } from '../lib/exporter.mjs';
import { fitLine } from '../lib/fit.mjs';
import { median, rounded, settle } from '../lib/pairs.mjs';

const MOST_OFF = 0.2;
const RUNS = 3;

export const FILES_CURVE = curveCase({
  id: 'C1',
  title: 'cost of an export by files',
  unit: 'thousands of files of 300–1,700 bytes',
  file: 'curve-files.svg',
  minutes: 3,
  amounts: [1, 5, 20, 50, 100, 200],
  make: (directory, thousands) => {
    const count = Math.max(1, Math.round(thousands * 1000));
    manyFiles(join(directory, 'app'), { count, folders: Math.ceil(count / 200), least: 300, most: 1700, seed: 2 });
  },
});

export const SIZE_CURVE = curveCase({
  id: 'C2',
  title: 'cost of an export by the size of its layer',
  unit: 'MB in one file, half JavaScript, half machine code',
  file: 'curve-size.svg',
  minutes: 4,
  amounts: [10, 50, 200, 500, 1000, 3000],
  make: (directory, megabytes) => oneFile(join(directory, 'app'), Math.round(megabytes * 1e6)),
});

export const LAYERS_CURVE = curveCase({
  id: 'C3',
  title: 'cost of an export by layers',
  unit: 'layers of 5 MB',
  file: 'curve-layers.svg',
  minutes: 3,
  amounts: [1, 5, 10, 25, 50, 100],
  make: (directory, count) => {
    mkdirSync(join(directory, 'app'));
    writeFileSync(join(directory, 'app/file'), 'app\n');
    launchLayers(directory, { count: Math.max(1, Math.round(count)), files: 100, bytes: 5_000_000 });
  },
});

function curveCase({ amounts, make, unit, file, ...rest }) {
  const run = async (bench) => {
    const points = [];
    for (const whole of amounts) {
      const amount = whole * bench.scale;
      points.push({ amount, ...(await point(bench, (directory) => make(directory, amount))) });
    }
    const line = fitLine(points.map(({ amount, cpu }) => ({ amount, cost: cpu })));
    const most = Math.max(...line.off.map(Math.abs));
    const shown = {
      measure: 'furthest off a line, of CPU',
      ours: Number(most.toFixed(2)),
      limit: MOST_OFF,
      of: 'ours',
    };
    const curve = {
      title: rest.title,
      unit,
      file,
      start: rounded(line.start),
      slope: rounded(line.slope),
      points: points.map((one, index) => ({ ...one, off: Number(line.off[index].toFixed(3)) })),
    };
    return { rows: [{ subject: unit, lines: [shown] }], curves: [curve] };
  };
  return { ...rest, isLong: true, run };
}

/** Medians; the data goes again at once. */
async function point(bench, make) {
  const directory = join(bench.work, 'point');
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  make(directory);
  const bed = new ExportBed(join(bench.work, 'ours'), {
    program: ourExporter(),
    app: join(directory, 'app'),
    layers: join(directory, 'layers'),
  });
  const samples = [];
  for (let run = 0; run < RUNS; run += 1) {
    bed.freshLayout();
    settle();
    samples.push(await bed.toLayout());
  }
  rmSync(directory, { recursive: true, force: true });
  const of = (key) => rounded(median(samples.map((sample) => sample[key])));
  return { wall: of('wall'), cpu: of('cpu'), peakMb: of('peakMb') };
}

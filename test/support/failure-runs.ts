import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ObjectReader } from '../../src/schema/reader.ts';
import type { FailureCase, State } from './failure-cases.ts';
import { RUN_IMAGE } from './golden-runs.ts';
import type { FailureStep } from './recorded-failures.ts';
import type { RecordedRoot } from './recorded-root.ts';

/** A step as it came out here: its index among the results of the root, and the files before and after it. */
export interface FailureRun {
  readonly name: string;
  readonly step: FailureStep;
  readonly index: number;
  readonly before: string;
  readonly after: string;
}

/** The states and the commands of failures in one root; `finish` of the root runs them. */
export class FailureRuns {
  readonly runs: FailureRun[] = [];
  readonly #root: RecordedRoot;
  #count = 0;

  constructor(root: RecordedRoot) {
    this.#root = root;
    root.shell(`mkdir -p "$ROOT/../states"; FIXTURES=${resolve('testdata/golden/fixtures')}`);
  }

  /** Makes all states, once. */
  prepareStates(): void {
    const owner = ['-uid', '1000', '-gid', '1000'];
    const cache = ['-cache-dir', '/cache'];
    const detect = (order: string): void => this.#setUp('detector', ['-order', `/io/${order}`]);
    this.#root.app('app-v1.tar');
    this.#save('empty');
    this.#setUp('analyzer', [...owner, '-run-image', RUN_IMAGE, '127.0.0.1:5910/app/fail']);
    this.#save('analyzed');
    detect('order-fail.toml');
    this.#save('fail-detected');
    this.#load('analyzed');
    detect('order-min.toml');
    this.#save('detected');
    this.#setUp('builder', []);
    this.#save('built');
    this.#load('analyzed');
    detect('order.toml');
    this.#save('layers-detected');
    this.#setUp('builder', []);
    this.#save('layers-built');
    this.#setUp('exporter', [...owner, ...cache, '-launcher', '/io/launcher-stub', '127.0.0.1:5910/app/first']);
    this.#root.shell(goCache(this.#root));
    this.#root.shell('rm -rf "$ROOT/layers"; cp -a "$ROOT/../states/layers-detected/layers" "$ROOT/layers"');
    this.#save('cached');
  }

  add(each: FailureCase, steps: readonly FailureStep[]): void {
    this.#load(each.state);
    this.#root.shell(each.prepare ?? ':');
    const env = ['CNB_NO_COLOR=true', ...(each.name === 'unwritable-layout' ? ['CNB_EXPERIMENTAL_MODE=warn'] : [])];
    const index = join(this.#root.registry, 'index.json');
    for (const step of steps.filter((one) => one.step in each.says)) {
      const list = (when: string): string => {
        const file = join(dirname(this.#root.directory), 'states', `${String(this.#count)}.${when}`);
        const places = `"$ROOT/layers" "$ROOT/cache" "$ROOT/workspace" "$ROOT/layout" ${this.#root.registry}`;
        this.#root.shell(
          `find ${places} -type f ! -path '${index}' -exec sha256sum {} + >${file}; cp ${index} ${file}.index`,
        );
        return file;
      };
      const before = list('before');
      this.#root.run({ ...step, env });
      this.runs.push({ name: each.name, step, index: this.#count, before, after: list('after') });
      this.#count += 1;
    }
    this.#root.shell(each.end ?? ':');
  }

  #setUp(program: string, args: readonly string[]): void {
    const user = ['detector', 'builder'].includes(program) ? '1000:1000' : 'root';
    this.#root.run({ program, args, user });
    this.#count += 1;
  }

  #save(state: State): void {
    const to = `"$ROOT/../states/${state}"`;
    this.#root.shell(`mkdir ${to}; cp -a "$ROOT/layers" "$ROOT/cache" ${to}`);
  }

  #load(state: State): void {
    this.#root.app('app-v1.tar');
    const from = `"$ROOT/../states/${state}"`;
    this.#root.shell(
      `rm -rf "$ROOT/layers" "$ROOT/cache" "$ROOT/layout"/*; cp -a ${from}/layers ${from}/cache "$ROOT"`,
    );
  }
}

/** Files that were there before a step and are not any more, or are others; the registry's index apart. */
export function lostFiles({ before, after }: FailureRun): readonly string[] {
  const kept = new Set(readFileSync(after, 'utf8').split('\n'));
  return readFileSync(before, 'utf8')
    .split('\n')
    .filter((line) => !kept.has(line));
}

/** Names of the registry that a step took away or moved. */
export function lostNames({ before, after }: FailureRun): readonly string[] {
  const kept = namesIn(`${after}.index`);
  return namesIn(`${before}.index`).filter((name) => !kept.includes(name));
}

function namesIn(file: string): readonly string[] {
  const index = new ObjectReader(JSON.parse(readFileSync(file, 'utf8')));
  return index.list('manifests', (entry) => {
    const name = entry.object('annotations').optionalString('org.opencontainers.image.ref.name') ?? '';
    return `${name} ${entry.string('digest')}`;
  });
}

/** Turns the cache folder of ours into one as the Go lifecycle leaves it: a tar for each diffID, and the recorded metadata. */
export function goCache(root: RecordedRoot): string {
  const metadata = resolve('testdata/golden/registry-5phase/cache/io.buildpacks.lifecycle.cache.metadata');
  const cache = `${root.directory}/cache`;
  return [
    `"$node" -e 'const f=require("node:fs"),z=require("node:zlib"),c=require("node:crypto"),d=process.argv[1];f.mkdirSync(d+"/committed");` +
      `for(const b of f.readdirSync(d+"/blobs/sha256")){const r=f.readFileSync(d+"/blobs/sha256/"+b),t=r[0]===31?z.gunzipSync(r):r;` +
      `f.writeFileSync(d+"/committed/sha256:"+c.createHash("sha256").update(t).digest("hex")+".tar",t)}' ${cache}`,
    `cp ${metadata} ${cache}/committed/; chmod u+w ${cache}/committed/*`,
    `rm -rf ${cache}/blobs ${cache}/roots ${cache}/diffs; chown -R 1000:1000 ${cache}`,
  ].join('\n');
}

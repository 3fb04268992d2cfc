import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PLATFORM_APIS, platformFeatures } from '../../src/cnb/features.ts';
import { SlipwayError } from '../../src/core/errors.ts';
import type { InputSource } from '../../src/options/common-inputs.ts';
import { readExtender } from '../../src/options/extender-inputs.ts';
import { parseGoFlags } from '../../src/options/go-flags.ts';
import { OptionValues } from '../../src/options/option-values.ts';
import {
  readAnalyzer,
  readBuilder,
  readCreator,
  readDetector,
  readExporter,
  readRestorer,
} from '../../src/options/phase-inputs.ts';
import { readRebaser } from '../../src/options/rebaser-inputs.ts';
import { flagsOf, OPTIONS, PROGRAMS, type OptionName, type OptionRow, type Program } from '../../src/options/table.ts';
import { failureOf } from '../support/failure.ts';

const READERS: Readonly<Record<Program, (source: InputSource) => object>> = {
  analyzer: readAnalyzer,
  detector: readDetector,
  restorer: readRestorer,
  extender: readExtender,
  builder: readBuilder,
  exporter: readExporter,
  creator: readCreator,
  rebaser: readRebaser,
};
const IMAGES: Readonly<Partial<Record<Program, readonly string[]>>> = {
  analyzer: ['app'],
  exporter: ['app'],
  creator: ['app'],
  rebaser: ['app'],
};
/** Read before the inputs, for every program alike: test/e2e/cli-lifecycle.test.ts has them. */
const BEFORE_INPUTS: readonly OptionName[] = ['log-level', 'no-color', 'version'];
/** Flags that a program defines and never uses: those of image extensions, which come later, and those that it refuses. */
const UNUSED: Readonly<Partial<Record<Program, readonly OptionName[]>>> = {
  detector: ['extensions', 'generated', 'run'],
  restorer: ['generated'],
  exporter: ['image', 'run-image'],
  creator: ['stack'],
};
/** Variables that a program reads without having the flag (`env only` in the contract). */
const ENV_ONLY: Readonly<Partial<Record<Program, readonly OptionName[]>>> = {
  extender: ['build-config'],
  creator: ['analyzed', 'extended', 'group', 'plan'],
};
/** Two values of an option that both can be read. */
const VALUES: Readonly<Partial<Record<OptionName, readonly [string, string]>>> = {
  kind: ['run', 'build'],
  compression: ['gzip:6', 'none'],
  launcher: ['builder', 'shell'],
  'kaniko-cache-ttl': ['1h', '2h'],
  target: ['linux/s390x', 'linux/arm64'],
};

function valuesOf(row: OptionRow): readonly [string, string] {
  if (row.kind === 'boolean') return ['true', 'false'];
  return VALUES[row.name] ?? (row.kind === 'integer' ? ['4711', '4712'] : ['/value/one', '/value/two']);
}

/** Names of images are no paths. */
function given(row: OptionRow, value: string): string {
  const isImage = /image|^tag$|registry/.test(row.name);
  return isImage ? value.replace('/value', 'value.example') : value;
}

interface Given {
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** All inputs of a program, as text. */
function inputs(program: Program, { flags = [], env = {} }: Given, api = '0.15'): string {
  const result = parseGoFlags(flagsOf(program, api), [...flags, ...(IMAGES[program] ?? [])]);
  assert.equal(result.kind, 'parsed', JSON.stringify(result));
  const values = new OptionValues({ program, api, env, cwd: '/cwd', flags: result.parsed, exists: () => true });
  return JSON.stringify(READERS[program]({ values, env, features: platformFeatures(api), cwd: '/cwd' }));
}

/** As `inputs`; what a program refuses is an answer too. */
function answer(program: Program, asked: Given, api = '0.15'): string {
  try {
    return inputs(program, asked, api);
  } catch (error) {
    assert.ok(error instanceof SlipwayError);
    return error.message;
  }
}

/** Flags without which an option means nothing. */
const TOGETHER: Readonly<Partial<Record<OptionName, readonly string[]>>> = {
  layout: ['-layout-dir=/out'],
  'layout-dir': ['-layout'],
  'run-image-name': ['-run-image=run'],
};

function usedFlags(program: Program, api: string): readonly OptionRow[] {
  const left = [...BEFORE_INPUTS, ...(UNUSED[program] ?? []), 'daemon'];
  return flagsOf(program, api).filter(({ name }) => !left.includes(name));
}

function envOf(row: OptionRow, value: string): Readonly<Record<string, string>> {
  return row.env === undefined ? {} : { [row.env]: given(row, value) };
}

describe('every input of every program', () => {
  for (const program of PROGRAMS)
    it(`${program}: the flag wins over the variable, the variable over the default, at every Platform API (C-16)`, () => {
      for (const api of PLATFORM_APIS)
        for (const row of usedFlags(program, api)) {
          const what = `${program} -${row.name} at ${api}`;
          const [one, two] = valuesOf(row);
          const more = TOGETHER[row.name] ?? [];
          const flag = (value: string): string => `-${row.name}=${given(row, value)}`;
          const byDefault = answer(program, { flags: more }, api);
          const byFlag = inputs(program, { flags: [...more, flag(one)] }, api);
          assert.notEqual(byFlag, byDefault, `${what}: the flag is used`);
          if (row.env === undefined) continue;
          assert.equal(inputs(program, { flags: more, env: envOf(row, one) }, api), byFlag, `${what}: the variable`);
          if (row.kind === 'strings') continue;
          const both = inputs(program, { flags: [...more, flag(two)], env: envOf(row, one) }, api);
          assert.equal(both, inputs(program, { flags: [...more, flag(two)] }, api), `${what}: the flag wins`);
        }
    });

  it('can be given by its variable, also where the program or the Platform API has no such flag (C-17)', () => {
    for (const program of PROGRAMS) {
      const names = new Set([...usedFlags(program, '0.15').map(({ name }) => name), ...(ENV_ONLY[program] ?? [])]);
      for (const row of OPTIONS.filter(({ name, env }) => names.has(name) && env !== undefined)) {
        const env = envOf(row, valuesOf(row)[0]);
        const flags = TOGETHER[row.name] ?? [];
        assert.notEqual(inputs(program, { flags, env }), answer(program, { flags }), `${program} ${String(row.env)}`);
      }
    }
    const old = { CNB_INSECURE_REGISTRIES: 'value.example' };
    assert.ok(inputs('analyzer', { env: old }, '0.7').includes('value.example'));
  });

  it('an empty variable counts as unset (C-17)', () => {
    const env = Object.fromEntries(OPTIONS.flatMap((row) => (row.env === undefined ? [] : [[row.env, '']])));
    for (const program of PROGRAMS) assert.equal(inputs(program, { env }), inputs(program, {}), program);
  });

  it('-daemon and its variable are refused, -daemon=false is not (A-29)', () => {
    for (const program of PROGRAMS.filter((each) => flagsOf(each, '0.15').some(({ name }) => name === 'daemon'))) {
      for (const asked of [{ flags: ['-daemon'] }, { env: { CNB_USE_DAEMON: 'true' } }])
        assert.equal(failureOf(() => inputs(program, asked)).exit, 3, program);
      const off = { flags: ['-daemon=false'], env: { CNB_USE_DAEMON: 'true' } };
      assert.equal(inputs(program, off), inputs(program, {}));
    }
  });

  it('the files of the phases follow -layers and CNB_LAYERS_DIR, a relative one from the working directory (C-18, C-20)', () => {
    const below = OPTIONS.filter(({ fallback }) => fallback?.startsWith('<layers>/') === true).map(({ name }) => name);
    assert.deepEqual(below, [
      ...['analyzed', 'extended', 'generated', 'group', 'order', 'plan', 'project-metadata', 'report'],
    ]);
    for (const program of PROGRAMS) {
      const usual = inputs(program, {});
      assert.ok(usual.includes('"/layers'), program);
      const elsewhere = usual.replaceAll('"/layers', '"/else/where');
      assert.equal(inputs(program, { env: { CNB_LAYERS_DIR: '/else/where' } }), elsewhere, program);
      if (!flagsOf(program, '0.15').some(({ name }) => name === 'layers')) continue;
      assert.equal(inputs(program, { flags: ['-layers', '/else/where'] }), elsewhere, program);
      const relative = usual.replaceAll('"/layers', '"/cwd/else');
      assert.equal(inputs(program, { flags: ['-layers', 'else'] }), relative, program);
    }
  });
});

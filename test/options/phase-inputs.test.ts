import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { platformFeatures } from '../../src/cnb/features.ts';
import { SlipwayError } from '../../src/core/errors.ts';
import type { InputSource } from '../../src/options/common-inputs.ts';
import { parseGoFlags } from '../../src/options/go-flags.ts';
import { flagSpecs, OptionValues } from '../../src/options/option-values.ts';
import { readAnalyzer, readCreator, readExporter, readRestorer } from '../../src/options/phase-inputs.ts';
import { readRebaser } from '../../src/options/rebaser-inputs.ts';
import { checkPositionals, flagLikeWarnings } from '../../src/options/positionals.ts';
import type { Program } from '../../src/options/table.ts';

describe('inputs of the programs', () => {
  it('the previous image is the image unless another is named', () => {
    assert.equal(readAnalyzer(source('analyzer', ['-run-image', 'run', 'app'])).previousImage?.name, 'app');
    const named = readAnalyzer(source('analyzer', ['-run-image', 'run', '-previous-image', 'old', 'app']));
    assert.equal(named.previousImage?.name, 'old');
  });

  it('an image on standard output has no previous one unless it is named', () => {
    const place = 'docker-archive:-:acme/shop:1';
    assert.equal(readAnalyzer(source('analyzer', ['-run-image', 'run', place])).previousImage, undefined);
    const named = readAnalyzer(source('analyzer', ['-run-image', 'run', '-previous-image', 'old', place]));
    assert.equal(named.previousImage?.name, 'old');
  });

  it('image and tags may be on several registries and in several stores (C-27)', () => {
    const { outputs } = readAnalyzer(
      source('analyzer', ['-tag', 'b.example/xx', '-tag', 'oci:out:app', 'a.example/xx']),
    );
    assert.deepEqual(
      outputs.map(({ location }) => location.kind),
      ['registry', 'registry', 'oci'],
    );
  });

  it('a name that is no reference stops with exit 3 (C-28)', () => {
    const bad = 'UPPER/case:tag:x';
    for (const [argv, env] of [
      [[bad], {}],
      [['-tag', bad, 'app'], {}],
      [['-previous-image', bad, 'app'], {}],
      [['app'], { CNB_PREVIOUS_IMAGE: bad }],
      [['-run-image', bad, 'app'], {}],
      [['-cache-image', bad, 'app'], {}],
    ] as const) {
      const error = failure(() => readAnalyzer(source('analyzer', argv, env)));
      assert.deepEqual([error.message, error.exit], [`could not parse reference: ${bad}`, 3], argv.join(' '));
    }
    assert.equal(failure(() => readExporter(source('exporter', ['app', bad]))).exit, 3);
    const rebaser = failure(() => readRebaser(source('rebaser', ['-run-image', bad, 'app'])));
    assert.equal(rebaser.exit, 3);
  });

  it('-daemon names docker-archive: (A-29)', () => {
    const error = failure(() => readExporter(source('exporter', ['-daemon', 'app'])));
    assert.equal(error.exit, 3);
    assert.match(error.hint?.kind === 'text' ? error.hint.text : '', /docker-archive:/);
  });

  it('-layout needs -layout-dir (GAP-37)', () => {
    assert.equal(failure(() => readAnalyzer(source('analyzer', ['-layout', 'app']))).exit, 3);
  });

  it('under -layout names are directories, and a location with a scheme wins', () => {
    const argv = [
      '-layout',
      '-layout-dir',
      '/out',
      '-run-image',
      'oci:base',
      '-tag',
      'r.example/aa@sha256:' + 'a'.repeat(64),
    ];
    const inputs = readAnalyzer(source('analyzer', [...argv, 'my/app']));
    assert.deepEqual(inputs.outputs[0], {
      name: '/out/index.docker.io/my/app/latest',
      location: { kind: 'oci', dir: '/out/index.docker.io/my/app/latest', ref: 'latest' },
    });
    assert.equal(inputs.outputs[1]?.name, `/out/r.example/aa/sha256/${'a'.repeat(64)}`);
    assert.deepEqual(inputs.runImage, {
      kind: 'named',
      image: { name: 'oci:base', location: { kind: 'oci', dir: 'base' } },
    });
  });

  it('scratch as run image needs a target', () => {
    assert.equal(failure(() => readAnalyzer(source('analyzer', ['-run-image', 'scratch', 'app']))).exit, 3);
    const inputs = readAnalyzer(source('analyzer', ['-run-image', 'scratch', '-target', 'linux/arm/v7', 'app']));
    assert.deepEqual(inputs.runImage, { kind: 'scratch' });
    assert.deepEqual(inputs.target, { os: 'linux', architecture: 'arm', variant: 'v7' });
  });

  it('the exporter takes no run image, except the one of the variable', () => {
    assert.equal(
      failure(() => readExporter(source('exporter', ['-run-image', 'run', 'app']))).message,
      '-run-image is unsupported',
    );
    assert.equal(
      failure(() => readExporter(source('exporter', ['-image', 'run', 'app']))).message,
      '-image is unsupported',
    );
    assert.ok(readExporter(source('exporter', ['-run-image', 'run', 'app'], { CNB_RUN_IMAGE: 'run' })));
  });

  it('a launcher is a word that exists or a path', () => {
    assert.equal(readExporter(source('exporter', ['app'])).launcher, 'auto');
    assert.equal(readExporter(source('exporter', ['-launcher', './l', 'app'])).launcher, './l');
    assert.equal(failure(() => readExporter(source('exporter', ['-launcher', 'magic', 'app']))).exit, 3);
  });

  it('two kinds of cache at once are refused (GAP-38)', () => {
    const error = failure(() => readRestorer(source('restorer', ['-cache-dir', 'c', '-cache-image', 'i'])));
    assert.equal(error.exit, 3);
  });

  it('warns of a restorer without cache and of a parallel export without one (A-31)', () => {
    assert.deepEqual(readRestorer(source('restorer', [])).warnings, [
      'No cached data will be used, no cache specified.',
    ]);
    assert.match(
      readExporter(source('exporter', ['-parallel', 'app'])).warnings.join(),
      /^Parallel export has been enabled, but it has not taken effect because no cache has been specified\.$/,
    );
    assert.equal(readAnalyzer(source('analyzer', ['app'], { CNB_PARALLEL_EXPORT: 'true' })).warnings.length, 1);
    const cached = ['-cache-image', 'cache', 'app'];
    assert.deepEqual(readAnalyzer(source('analyzer', cached, { CNB_PARALLEL_EXPORT: 'true' })).warnings, []);
  });

  it('the creator takes -stack where run.toml counts, and says that it is ignored (GAP-34)', () => {
    const { warnings, runToml } = readCreator(source('creator', ['-stack', '/s.toml', 'app']));
    assert.deepEqual(warnings, ['Ignoring -stack, run.toml is used instead']);
    assert.equal(runToml, '/cnb/run.toml');
    assert.deepEqual(readCreator(source('creator', ['app'])).warnings, []);
  });

  it('a path below the layout directory is no reference: capitals and a port are its own (GAP-37)', () => {
    const path = '/OUT/Reg:5000/My/App/v1';
    const argv = ['-layout', '-layout-dir', '/OUT'];
    for (const [output] of [
      readAnalyzer(source('analyzer', [...argv, path])).outputs,
      readExporter(source('exporter', [...argv, path])).outputs,
    ])
      assert.deepEqual(output, { name: path, location: { kind: 'oci', dir: path, ref: 'v1' } });
  });

  it('CNB_SKIP_LAYERS and CNB_SKIP_RESTORE are one switch', () => {
    for (const name of ['CNB_SKIP_LAYERS', 'CNB_SKIP_RESTORE'])
      assert.equal(readCreator(source('creator', ['app'], { [name]: 'true' })).skipLayers, true);
  });

  it('the execution environment is production unless CNB_EXEC_ENV says otherwise', () => {
    assert.equal(readCreator(source('creator', ['app'])).execEnv, 'production');
    assert.equal(readCreator(source('creator', ['app'], { CNB_EXEC_ENV: 'test' })).execEnv, 'test');
  });
});

describe('positional arguments', () => {
  it('are counted in the words of the contract', () => {
    const messages: readonly (readonly [Program, readonly string[], string])[] = [
      ['analyzer', [], 'received 0 arguments, but expected 1'],
      ['creator', ['a', 'b'], 'received 2 arguments, but expected 1'],
      ['detector', ['app'], 'received unexpected arguments'],
      ['builder', ['app'], 'received unexpected arguments'],
      ['restorer', ['app'], 'received unexpected Args'],
      ['exporter', [], 'at least one image argument is required'],
    ];
    for (const [program, words, message] of messages) {
      const error = failure(() => checkPositionals(program, words));
      assert.deepEqual([error.message, error.exit], [message, 3]);
    }
  });

  it('that look like flags are warned about', () => {
    assert.deepEqual(flagLikeWarnings(['app', '-uid', '501']), [
      'Warning: unconsumed flag-like positional arg: \n\t-uid\n\t This will not be interpreted as a flag.\n\t Did you mean to put this before the first positional argument?',
    ]);
  });
});

function source(program: Program, argv: readonly string[], env: Readonly<Record<string, string>> = {}): InputSource {
  const result = parseGoFlags(flagSpecs(program, '0.15'), argv);
  assert.equal(result.kind, 'parsed', JSON.stringify(result));
  const input = { program, api: '0.15', env, cwd: '/cwd', flags: result.parsed, exists: () => false };
  return { values: new OptionValues(input), env, features: platformFeatures('0.15'), cwd: '/cwd' };
}

function failure(task: () => unknown): SlipwayError {
  try {
    task();
  } catch (error) {
    assert.ok(error instanceof SlipwayError);
    return error;
  }
  return assert.fail('it did not throw');
}

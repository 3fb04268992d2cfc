import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { platformFeatures } from '../../src/cnb/features.ts';
import { readName } from '../../src/options/names.ts';
import { runImageCandidates, runImageRecord } from '../../src/platform/run-image.ts';
import { testContext } from '../support/context.ts';
import { failureOf } from '../support/failure.ts';

const RULES = { names: {}, features: platformFeatures('0.15') };
const ENTRIES = [
  { image: 'a.example/run:1', mirrors: ['b.example/run:1', 'c.example/run:1'] },
  { image: 'other/run', mirrors: [] },
];

describe('the run image to use', () => {
  it('is of the first entry of run.toml, its image and mirrors as listed (A-17)', (t) => {
    const candidates = runImageCandidates({ kind: 'from-file' }, ENTRIES, RULES, testContext(t));
    assert.ok(!('kind' in candidates));
    assert.deepEqual(
      candidates.map((candidate) => candidate.name),
      ['a.example/run:1', 'b.example/run:1', 'c.example/run:1'],
    );
  });

  it('a mirror that is no reference is skipped with a warning; when none is one, that is the error (A-20)', (t) => {
    const ctx = testContext(t);
    const entry = { image: 'UPPER', mirrors: ['b.example/run:1', 'a b'] };
    assert.deepEqual(runImageCandidates({ kind: 'from-file' }, [entry], RULES, ctx), [readName('b.example/run:1', {})]);
    const messages = ctx.events.map((event) => (event.type === 'warning' ? event.message : event.type));
    assert.deepEqual(messages, [
      'run image skipped: could not parse reference: UPPER',
      'run image skipped: could not parse reference: a b',
    ]);
    const none = { image: 'UPPER', mirrors: [] };
    const error = failureOf(() => runImageCandidates({ kind: 'from-file' }, [none], RULES, ctx));
    assert.deepEqual([error.code, error.exit], ['REFERENCE_INVALID', 3]);
  });

  it('is the one that was named, whatever run.toml says', (t) => {
    const image = readName('oci:base', {});
    assert.deepEqual(runImageCandidates({ kind: 'named', image }, ENTRIES, RULES, testContext(t)), [image]);
  });

  it('nothing that names one is exit 3 (A-14)', (t) => {
    const ctx = testContext(t);
    const error = failureOf(() => runImageCandidates({ kind: 'from-file' }, [], RULES, ctx));
    assert.equal(error.code, 'RUN_IMAGE_UNKNOWN');
    assert.equal(error.exit, 3);
    assert.equal(
      error.message,
      'failed to resolve inputs: -run-image is required when there is no run metadata available',
    );
    const old = { names: {}, features: platformFeatures('0.11') };
    const withStack = failureOf(() => runImageCandidates({ kind: 'from-file' }, [], old, ctx));
    assert.equal(withStack.message, 'failed to resolve inputs: missing run image metadata (-run-image)');
  });
});

describe('what the label says about the run image', () => {
  it('is its entry in run.toml, found by image or mirror with tags written out (E-41)', () => {
    const entry = { image: 'a.example/run:1', mirrors: ['b.example/run:1', 'c.example/run:1'] };
    assert.deepEqual(runImageRecord('c.example/run:1', ENTRIES), entry);
    assert.deepEqual(runImageRecord('index.docker.io/other/run:latest', ENTRIES), { image: 'other/run' });
  });

  it('is nothing when there is no run.toml', () => {
    assert.deepEqual(runImageRecord('d.example/run', []), {});
  });

  it('is the image that was used when run.toml has it not, never the first entry (E-56, GAP-35)', () => {
    const record = runImageRecord('d.example/run', ENTRIES);
    assert.equal(record.image, 'd.example/run');
    assert.match(record.warning ?? '', /not in run.toml/);
    assert.equal(runImageRecord('/layout/x/run/v1', ENTRIES).image, '/layout/x/run/v1');
  });
});

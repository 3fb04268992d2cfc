import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { platformFeatures } from '../../src/cnb/features.ts';
import { readName } from '../../src/options/names.ts';
import { runImageCandidates, runImageRecord } from '../../src/platform/run-image.ts';
import { failureOf } from '../support/failure.ts';

const OUTPUT = readName('b.example/app', {});
const RULES = { names: {}, features: platformFeatures('0.15') };
const ENTRIES = [
  { image: 'a.example/run:1', mirrors: ['b.example/run:1', 'c.example/run:1'] },
  { image: 'other/run', mirrors: [] },
];

describe('the run image to use', () => {
  it('is the first entry of run.toml, those on the registry of the output first', () => {
    const candidates = runImageCandidates({ kind: 'from-file' }, ENTRIES, OUTPUT, RULES);
    assert.ok(!('kind' in candidates));
    assert.deepEqual(
      candidates.map((candidate) => candidate.name),
      ['b.example/run:1', 'a.example/run:1', 'c.example/run:1'],
    );
  });

  it('is the one that was named, whatever run.toml says', () => {
    const image = readName('oci:base', {});
    assert.deepEqual(runImageCandidates({ kind: 'named', image }, ENTRIES, OUTPUT, RULES), [image]);
  });

  it('nothing that names one is exit 3', () => {
    const error = failureOf(() => runImageCandidates({ kind: 'from-file' }, [], OUTPUT, RULES));
    assert.equal(error.code, 'RUN_IMAGE_UNKNOWN');
    assert.equal(error.exit, 3);
    assert.equal(
      error.message,
      'failed to resolve inputs: -run-image is required when there is no run metadata available',
    );
    const old = { names: {}, features: platformFeatures('0.11') };
    const withStack = failureOf(() => runImageCandidates({ kind: 'from-file' }, [], OUTPUT, old));
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

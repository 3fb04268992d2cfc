import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SlipwayError } from '../../src/core/errors.ts';
import { parseDigest } from '../../src/oci/digest.ts';
import { parseLocation } from '../../src/oci/location.ts';
import type { ExportOutput } from '../../src/phases/export.ts';
import { exportReport, throwFailedOutputs } from '../../src/platform/finish-export.ts';
import { lifecycleGuard, plainGuard, stage } from '../../src/platform/stage.ts';
import { failureOf, rejectionOf } from '../support/failure.ts';

const DIGEST = parseDigest(`sha256:${'2'.repeat(64)}`);

describe('the words and exit codes of a phase', () => {
  it('are added to a cause that has none of its own', async () => {
    const error = await rejectionOf(
      lifecycleGuard('restore', () => Promise.reject(new SlipwayError('STORE_INVALID', 'x'))),
    );
    assert.deepEqual([error.message, error.exit, error.code], ['failed to restore: x', 42, 'STORE_INVALID']);
  });

  it('leave the code that the contract names for the cause', async () => {
    const cause = new SlipwayError('BUILDPACK_FAILED', 'exit status 7');
    const error = await rejectionOf(lifecycleGuard('build', () => Promise.reject(cause)));
    assert.deepEqual([error.message, error.exit], ['failed to build: exit status 7', 51]);
  });

  it('are not said twice', async () => {
    const cause = new SlipwayError('FILE_NOT_FOUND', 'failed to read group file: open x', { exit: 1 });
    const error = await rejectionOf(stage('export', 62, () => Promise.reject(cause)));
    assert.deepEqual([error.message, error.exit], ['failed to read group file: open x', 1]);
  });

  it('slipway keeps the message and takes the exit code', async () => {
    const error = await rejectionOf(
      plainGuard('analyze', () => Promise.reject(new SlipwayError('STORE_INVALID', 'x'))),
    );
    assert.deepEqual([error.message, error.exit], ['x', 32]);
  });

  it('slipway drops the words of the lifecycle’s programs', async () => {
    const words = 'failed to initialize analyzer: validating registry write access: no access to x';
    const error = await rejectionOf(
      plainGuard('analyze', () => Promise.reject(new SlipwayError('REGISTRY_DENIED', words))),
    );
    assert.equal(error.message, 'no access to x');
  });

  it('defects pass as they are', async () => {
    const defect = new TypeError('oops');
    await assert.rejects(
      lifecycleGuard('build', () => Promise.reject(defect)),
      (error) => error === defect,
    );
  });
});

describe('an export of several outputs', () => {
  const output: ExportOutput = {
    digest: DIGEST,
    manifestSize: 500,
    layers: [],
    outputs: [
      {
        location: parseLocation('r.example/app:1'),
        digest: DIGEST,
        manifestSize: 500,
        mediaType: 'm',
        names: ['r.example/app:1'],
      },
      {
        location: parseLocation('oci:out:app'),
        digest: DIGEST,
        manifestSize: 500,
        mediaType: 'm',
        names: ['oci:out'],
        error: 'no space left',
        cause: new SlipwayError('DISK_FULL', 'no space left', { hint: 'free some' }),
      },
    ],
  };

  it('reports what was written and what was not', () => {
    const report = exportReport(output, undefined);
    assert.deepEqual(report.tags, ['r.example/app:1']);
    assert.deepEqual(
      report.outputs?.map(({ location, error }) => [location, error]),
      [
        ['r.example/app:1', undefined],
        ['oci:out:app', 'no space left'],
      ],
    );
  });

  it('fails when one failed, and says what was written', () => {
    const error = failureOf(() => throwFailedOutputs(output));
    assert.deepEqual([error.code, error.exit], ['OUTPUT_FAILED', 62]);
    assert.equal(error.message, 'failed to write image to the following tags: [oci:out: no space left]');
    assert.equal(error.details['written'], 'r.example/app:1');
  });
});

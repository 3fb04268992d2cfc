import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  checkBuildpackApi,
  checkPlatformApi,
  NO_DEPRECATIONS,
  parseDeprecationMode,
  type Deprecations,
} from '../../src/cnb/deprecations.ts';
import { failureOf } from '../support/failure.ts';

const MODULE = { kind: 'buildpack', id: 'a/b', version: '1', api: '0.8' } as const;

describe('CNB_DEPRECATION_MODE', () => {
  it('is quiet, error, or else warn', () => {
    assert.deepEqual(['quiet', 'error', 'warn', 'silent', '', undefined].map(parseDeprecationMode), [
      'quiet',
      'error',
      'warn',
      'warn',
      'warn',
      'warn',
    ]);
  });

  it('says nothing of an API that is not deprecated, and so far none is', () => {
    for (const mode of ['quiet', 'warn', 'error'] as const) {
      assert.deepEqual(
        said((log) => checkPlatformApi('0.7', { ...NO_DEPRECATIONS, mode }, log)),
        [],
      );
      assert.deepEqual(
        said((log) => checkBuildpackApi(MODULE, { ...NO_DEPRECATIONS, mode }, log)),
        [],
      );
    }
  });

  it('quiet goes on, warn says which, error fails with 11 and 12 (C-08, C-09, C-10)', () => {
    const lists = { platformApis: ['0.7'], buildpackApis: ['0.8'] };
    const platform = (mode: Deprecations['mode']) => (log: Log) => checkPlatformApi('0.7', { mode, ...lists }, log);
    const buildpack = (mode: Deprecations['mode']) => (log: Log) => checkBuildpackApi(MODULE, { mode, ...lists }, log);
    assert.deepEqual([...said(platform('quiet')), ...said(buildpack('quiet'))], []);
    assert.deepEqual(said(platform('warn')), ["warn: Platform requested deprecated API '0.7'"]);
    assert.deepEqual(said(buildpack('warn')), ["warn: Buildpack 'a/b@1' requests deprecated API '0.8'"]);
    const disabled = 'error: Deprecated APIs are disabled by CNB_DEPRECATION_MODE=error';
    assert.deepEqual(said(platform('error')), [
      "error: Platform requested deprecated API '0.7'",
      disabled,
      "11: failed to set platform API: platform API version '0.7' is incompatible with the lifecycle",
    ]);
    assert.deepEqual(said(buildpack('error')), [
      "error: Buildpack 'a/b@1' requests deprecated API '0.8'",
      disabled,
      "12: failed to set API for Buildpack 'a/b@1': buildpack API version '0.8' is incompatible with the lifecycle",
    ]);
    const extension = (log: Log) =>
      checkBuildpackApi({ ...MODULE, kind: 'extension' }, { mode: 'warn', ...lists }, log);
    assert.deepEqual(said(extension), ["warn: Extension 'a/b@1' requests deprecated API '0.8'"]);
  });
});

type Log = (level: string, message: string) => void;

/** What was logged, and then the exit code and message of a failure. */
function said(task: (log: Log) => void): readonly string[] {
  const lines: string[] = [];
  let failure: string | undefined;
  const attempt = (): void => task((level, message) => lines.push(`${level}: ${message}`));
  try {
    attempt();
  } catch {
    lines.length = 0;
    const error = failureOf(attempt);
    failure = `${String(error.exit)}: ${error.message}`;
  }
  return failure === undefined ? lines : [...lines, failure];
}

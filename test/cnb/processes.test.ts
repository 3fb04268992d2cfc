import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LaunchProcess } from '../../src/cnb/process.ts';
import { mergeProcesses } from '../../src/cnb/processes.ts';
import { failureOf } from '../support/failure.ts';

function process(type: string, buildpackId: string, isDefault: boolean = false): LaunchProcess {
  return { type, command: [buildpackId], direct: true, isDefault, buildpackId };
}

const WARNING = 'Warning: redefining the following default process type with a process not marked as default: web';

describe('processes', () => {
  it('are sorted by type, later ones replace earlier ones (B-26)', () => {
    const merged = mergeProcesses([
      [process('web', 'a'), process('Z', 'a')],
      [process('web', 'b'), process('a', 'b')],
    ]);
    assert.deepEqual(merged.processes, [process('Z', 'a'), process('a', 'b'), process('web', 'b')]);
    assert.deepEqual(merged.warnings, []);
    assert.equal(merged.defaultProcessType, undefined);
  });

  it('take the last default and erase the flags (B-27)', () => {
    const merged = mergeProcesses([[process('web', 'a', true)], [process('worker', 'b', true)]]);
    assert.equal(merged.defaultProcessType, 'worker');
    assert.ok(merged.processes.every(({ isDefault }) => !isDefault));
  });

  it('lose the default when it is redefined without the flag, with one warning (B-28)', () => {
    const merged = mergeProcesses([[process('web', 'a', true)], [process('web', 'b'), process('web', 'b')]]);
    assert.equal(merged.defaultProcessType, undefined);
    assert.deepEqual(merged.warnings, [WARNING]);
  });

  it('do not warn when the same file has a default after all', () => {
    const merged = mergeProcesses([[process('web', 'a', true)], [process('web', 'b'), process('x', 'b', true)]]);
    assert.equal(merged.defaultProcessType, 'x');
    assert.deepEqual(merged.warnings, []);
  });

  it('have no implicit default (B-29)', () => {
    assert.equal(mergeProcesses([[process('web', 'a')]]).defaultProcessType, undefined);
  });

  it('refuse two defaults in one file (B-27)', () => {
    const error = failureOf(() => mergeProcesses([[process('a', 'x', true), process('b', 'x', true)]]));
    assert.equal(error.message, "multiple default process types aren't allowed");
    assert.equal(error.exit, 52);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseCache, type CacheSetting } from '../../../src/options/build/cache-choice.ts';
import { failureOf } from '../../support/failure.ts';

const READ: readonly (readonly [string, CacheSetting])[] = [
  ['type=build;format=bind;source=/c', { type: 'build', place: { kind: 'folder', path: '/c/build-cache' } }],
  ['type=launch;format=bind;source=c', { type: 'launch', place: { kind: 'folder', path: 'c/launch-cache' } }],
  ['"source=/a;b";FORMAT=bind', { type: 'build', place: { kind: 'folder', path: '/a;b/build-cache' } }],
  ['type=build;format=image;name=host/cache:1', { type: 'build', place: { kind: 'image', name: 'host/cache:1' } }],
  ['format=image;source=host/cache', { type: 'build', place: { kind: 'image', name: 'host/cache' } }],
  ['format=oci;source=dir:cache', { type: 'build', place: { kind: 'image', name: 'oci:dir:cache' } }],
  ['type=launch', { type: 'launch', place: { kind: 'kept', name: undefined } }],
  ['format=volume;name=shared', { type: 'build', place: { kind: 'kept', name: 'shared' } }],
  ['format=none', { type: 'build', place: { kind: 'none' } }],
];

const REFUSED: readonly (readonly [string, RegExp])[] = [
  ['', /"" is not key=value/],
  ['build', /"build" is not key=value/],
  ['type=other', /there is no "other" cache/],
  ['format=tar', /there is no format "tar"/],
  ['format=bind', /source is required/],
  ['format=bind;source=', /source is required/],
  ['format=image', /name is required/],
  ['format=volume;name=../x', /"\.\.\/x" is not a name for a volume/],
  ['format=volume;name=x.lock', /"x\.lock" is not a name for a volume/],
  ['format=bind;source=/c;mode=max', /there is no setting "mode"/],
  ['type=build;"format=bind', /a quote that is not closed/],
];

describe('--cache', () => {
  it('is read as pack reads it', () => {
    for (const [text, setting] of READ) assert.deepEqual(parseCache(text), setting, text);
  });

  it('refuses anything else with exit 3', () => {
    for (const [text, message] of REFUSED) {
      const error = failureOf(() => parseCache(text));
      assert.deepEqual([error.code, error.exit], ['ARGUMENT_INVALID', 3], text);
      assert.match(error.message, message);
    }
  });
});

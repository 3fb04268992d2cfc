import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseBinding } from '../../../src/options/build/binding.ts';
import { csvFields, csvSettings } from '../../../src/options/build/csv-fields.ts';
import { parseVolume } from '../../../src/options/build/volume.ts';
import { parseWorkspace } from '../../../src/options/build/workspace.ts';
import { failureOf } from '../../support/failure.ts';

const REFUSED: readonly (readonly [() => unknown, RegExp])[] = [
  [() => parseVolume('/data'), /--volume \/data: it does not name a place here and one for buildpacks/],
  [() => parseVolume(':/data'), /does not name a place/],
  [() => parseVolume('a:/b:ro:rw'), /more than three parts/],
  [() => parseVolume('a:b'), /b is not an absolute path/],
  [() => parseVolume('a:/b:rwx'), /there is no option "rwx"/],
  [() => parseVolume('a:/b:ro,rw'), /cannot be both ro and rw/],
  [() => parseVolume('a:/'), /\/ cannot be mounted over/],
  [() => parseVolume('a:/cnb/lifecycle'), /\/cnb\/lifecycle is in \/cnb, which belongs to the build/],
  [() => parseVolume('a:/x/../layers/bp'), /\/layers\/bp is in \/layers/],
  [() => parseVolume('a:/platform/env'), /is in \/platform/],
  [() => parseVolume('a:/platform/bindings'), /is in \/platform/],
  [() => parseVolume('a:/proc/1'), /is in \/proc/],
  [() => parseVolume('a:/run/secrets/x'), /is in \/run\/secrets/],
  [() => parseBinding('maven'), /--binding maven is not NAME=DIR/],
  [() => parseBinding('=dir'), /is not NAME=DIR/],
  [() => parseBinding('a/b=dir'), /is not NAME=DIR/],
  [() => parseBinding('..=dir'), /is not NAME=DIR/],
  [() => parseWorkspace(''), /the app cannot be at ""/],
  [() => parseWorkspace('/'), /the app cannot be at "\/"/],
  [() => parseWorkspace('/layers/x'), /the app cannot be at/],
  [() => parseWorkspace('a/../../etc'), /the app cannot be at/],
  [() => csvFields('type="build"', ';', 'cache'), /--cache type="build": a quote within a field/],
  [() => csvFields('"type=build', ';', 'cache'), /a quote that is not closed/],
  [() => csvFields('"type=build"x', ';', 'cache'), /something between a closing quote/],
  [() => csvSettings('type=build;', ';', 'cache'), /"" is not key=value/],
  [() => csvSettings('build', ';', 'cache'), /"build" is not key=value/],
];

describe('values of --volume, --binding and --workspace', () => {
  it('refuses what cannot be meant, with exit 3 and the flag', () => {
    for (const [parse, message] of REFUSED) {
      const error = failureOf(parse);
      assert.deepEqual([error.code, error.exit], ['ARGUMENT_INVALID', 3]);
      assert.match(error.message, message);
    }
  });

  it('a volume is read-only unless it says rw; a bare name is a kept one, everything else a path', () => {
    assert.deepEqual(parseVolume('/a:/b'), {
      text: '/a:/b',
      source: { kind: 'path', name: '/a' },
      target: '/b',
      writable: false,
      ignored: [],
    });
    const { source, target, writable, ignored } = parseVolume('cache:/b/./c/:rw,volume-opt=type=nfs,z');
    assert.deepEqual(
      [source, target, writable, ignored],
      [{ kind: 'named', name: 'cache' }, '/b/c', true, ['volume-opt=type=nfs', 'z']],
    );
    for (const name of ['./cache', '../cache', 'a/b', '..'])
      assert.equal(parseVolume(`${name}:/b`).source.kind, 'path');
    assert.equal(parseVolume('x1:/platform/bindings/maven').target, '/platform/bindings/maven');
  });

  it('a workspace without a slash in front is below /, as in pack', () => {
    assert.deepEqual(['app', '/app/', '//srv/./app'].map(parseWorkspace), ['/app', '/app', '/srv/app']);
  });

  it('fields are split as Go’s CSV reader does', () => {
    assert.deepEqual(csvFields('a=1;"b=2;3";"c=""4"""', ';', 'x'), ['a=1', 'b=2;3', 'c="4"']);
    assert.deepEqual(csvFields('', ';', 'x'), ['']);
    assert.deepEqual(csvSettings('"src=a,b",ID=c=d', ',', 'x'), [
      ['src', 'a,b'],
      ['id', 'c=d'],
    ]);
  });
});

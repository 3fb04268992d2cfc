import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { chooseOrder } from '../../../src/platform/build/order.ts';
import { temporaryDirectory } from '../../support/context.ts';
import { rejectionOf } from '../../support/failure.ts';
import { HELLO, writeBuildpacks } from '../../support/sample-buildpacks.ts';

const OTHER = { ...HELLO, id: 'test/other' };

describe('the order of a build', () => {
  it('is the file that was named, and it says which', async (t) => {
    const { buildpacks, order } = writeBuildpacks(join(temporaryDirectory(t), 'bps'), [HELLO, OTHER]);
    const found = await chooseOrder({ file: order, buildpacks, cwd: '/' });
    assert.deepEqual(
      found.order.map((group) => group.map(({ id }) => id)),
      [['test/hello', 'test/other']],
    );
    assert.equal(found.source, order);
  });

  it('is order.toml beside the buildpacks when none was named', async (t) => {
    const { buildpacks } = writeBuildpacks(join(temporaryDirectory(t), 'bps'), [HELLO, OTHER]);
    writeFileSync(join(buildpacks, 'order.toml'), '[[order]]\n[[order.group]]\nid = "test/other"\nversion = "1.0.0"\n');
    assert.equal((await chooseOrder({ file: undefined, buildpacks, cwd: '/' })).order[0]?.[0]?.id, 'test/other');
  });

  it('is the only buildpack when there is no file', async (t) => {
    const { buildpacks } = writeBuildpacks(join(temporaryDirectory(t), 'bps'), [HELLO]);
    assert.deepEqual(await chooseOrder({ file: undefined, buildpacks, cwd: '/' }), {
      order: [[{ kind: 'buildpack', id: 'test/hello', version: '1.0.0', optional: false }]],
      extensions: [],
      source: `test/hello@1.0.0, the only buildpack in ${buildpacks}`,
    });
  });

  it('is never guessed: two buildpacks without an order are an error that lists them', async (t) => {
    const { buildpacks } = writeBuildpacks(join(temporaryDirectory(t), 'bps'), [HELLO, OTHER]);
    const error = await rejectionOf(chooseOrder({ file: undefined, buildpacks, cwd: '/' }));
    assert.equal(error.exit, 3);
    assert.equal(error.details['found'], 'test/hello@1.0.0, test/other@1.0.0');
  });

  it('needs a directory, and a buildpack in it', async (t) => {
    const base = temporaryDirectory(t);
    assert.equal(
      (await rejectionOf(chooseOrder({ file: undefined, buildpacks: join(base, 'no'), cwd: '/' }))).code,
      'FILE_NOT_FOUND',
    );
    mkdirSync(join(base, 'empty'));
    const error = await rejectionOf(chooseOrder({ file: undefined, buildpacks: join(base, 'empty'), cwd: '/' }));
    assert.equal(error.code, 'BUILDPACK_NOT_FOUND');
  });
});

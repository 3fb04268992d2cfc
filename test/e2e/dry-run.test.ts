import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { isObject } from '../../src/schema/reader.ts';
import { builderBed, type BuilderBed } from '../support/builder-bed.ts';
import { slipway } from '../support/program.ts';
import { startRegistry } from '../support/registry.ts';

/** Everything below the directory of a bed: its app, caches, outputs and temporary files. */
function everything({ fixture }: BuilderBed): readonly string[] {
  return readdirSync(fixture.directory, { recursive: true }).map(String).sort();
}

describe('slipway build --dry-run', () => {
  it('says what a build would do, and does nothing of it', async (t) => {
    const bed = await builderBed(t);
    if (bed === undefined) return;
    const before = everything(bed);
    const args = [
      '--output',
      'oci:out',
      '--output',
      'docker-archive:deep/shop.tar',
      '--env',
      'TOKEN=secret',
      '--dry-run',
    ];
    const planned = await bed.build(args);
    assert.equal(planned.code, 0, planned.stderr);
    assert.deepEqual(everything(bed), before);
    const lines = planned.stdout
      .replace(/sha256:[0-9a-f]{12}/g, 'sha256:X')
      .replace(/latest-[0-9a-f]{12}/, 'X')
      .split('\n');
    const sandbox = lines.find((line) => line.startsWith('sandbox')) ?? '';
    assert.deepEqual(lines, [
      'builder         oci:builder   linux/amd64 sha256:X   to be unpacked',
      'run image       oci:run   linux/amd64 sha256:X',
      'previous        none',
      'group 1         test/hello 1.0.0',
      sandbox,
      'user            1001:1002   network on   execution environment production',
      'app             app   2 files, 9 B',
      'variables       HOME, PATH, TOKEN',
      `cache           ${bed.fixture.directory}/home/.cache/slipway/builds/library_shop_X   not there yet`,
      'output          oci:out:shop   can be written to',
      'output          docker-archive:deep/shop.tar   can be written to',
      'nothing was run or written: this was a dry run',
      '',
    ]);
    assert.equal(planned.stdout.includes('secret'), false);
  });

  it('only reads from registries; a second one finds what a build has left', async (t) => {
    const bed = await builderBed(t);
    if (bed === undefined) return;
    const registry = await startRegistry(t);
    for (const name of ['builder', 'run']) {
      const copied = await slipway(['image', 'copy', `oci:${name}`, `docker://${registry.name}/${name}`], bed.options);
      assert.equal(copied.code, 0, copied.stderr);
    }
    registry.requests.length = 0;
    const from = ['--builder', `docker://${registry.name}/builder`, '--run-image', `docker://${registry.name}/run`];
    const to = ['--output', `docker://${registry.name}/shop`];
    const planned = await bed.build([...to, '--dry-run', '--json'], {}, from);
    assert.equal(planned.code, 0, planned.stdout);
    assert.deepEqual([...new Set(registry.requests.map(({ method }) => method))].sort(), ['GET', 'HEAD']);
    assert.deepEqual(
      registry.requests.filter(({ path }) => path.includes('/uploads/')),
      [],
    );
    const event: unknown = JSON.parse(planned.stdout.trim().split('\n').at(-1) ?? '');
    assert.ok(isObject(event) && event['type'] === 'build.plan');
    assert.deepEqual(event['outputs'], [{ location: `docker://${registry.name}/shop`, access: 'readable' }]);
    assert.equal(event['previousImage'], undefined);

    const built = await bed.build([...to, '--quiet'], {}, from);
    assert.equal(built.code, 0, built.stderr);
    const again = await bed.build([...to, '--dry-run'], {}, from);
    assert.match(again.stdout, /^builder .* unpacked$/m);
    assert.match(again.stdout, /^previous {8}\S+\/shop:latest {3}linux\/amd64 sha256:/m);
    assert.match(again.stdout, /^sandbox {9}(?:bubblewrap|unshare): own user/m);
  });

  it('ends as the build would: with the code and the words of what is in the way', async (t) => {
    const bed = await builderBed(t);
    if (bed === undefined) return;
    for (const [code, args] of [
      [32, ['--output', 'oci:out', '--run-image', 'oci:nowhere']],
      [32, ['--output', 'oci-archive:app/index.html/x.tar']],
      [3, ['--output', 'oci:out', '--buildpacks', 'bps']],
    ] as const) {
      const real = await bed.build(args);
      const planned = await bed.build([...args, '--dry-run']);
      assert.deepEqual([planned.code, real.code], [code, code], planned.stderr);
      assert.equal(errorOf(planned.stderr), errorOf(real.stderr));
    }
  });
});

function errorOf(text: string): string | undefined {
  return /^error: .*$/m.exec(text)?.[0];
}

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseLocation } from '../../src/oci/location.ts';
import type { Image } from '../../src/ports/image.ts';
import { buildFixture, type BuildFixture } from '../support/build-fixture.ts';
import { testContext } from '../support/context.ts';
import { locatorOf } from '../support/locator.ts';
import { slipway, type ProgramResult } from '../support/program.ts';
import type { SampleBuildpack } from '../support/sample-buildpacks.ts';

/** One launch layer that is made once: later builds have no contents of it on disk. */
const ONCE: SampleBuildpack = {
  id: 'test/once',
  build: `if [ ! -e "$1/tool.toml" ]; then
  mkdir -p "$1/tool/bin" "$1/tool/env.launch/web"; echo tool >"$1/tool/bin/serve"; chmod +x "$1/tool/bin/serve"
  printf first >"$1/tool/env.launch/WHO.append"; printf typed >"$1/tool/env.launch/web/TYPED"
fi
printf '[types]\\nlaunch = true\\n' >"$1/tool.toml"
printf '[[processes]]\\ntype = "web"\\ncommand = ["serve"]\\nargs = ["--port", "80"]\\ndefault = true\\nworking-dir = "sub"\\n[[processes]]\\ntype = "task"\\ncommand = ["task"]\\n' >"$1/launch.toml"`,
};

/** Of the run image. */
const SERVE = { kind: 'file', path: '/bin/serve', mode: 0o755, uid: 0, gid: 0, bytes: Buffer.from('program') } as const;

describe('an image without a launcher', () => {
  it('has one process and its environment in the config, also from layers of the previous image', async (test) => {
    const fixture = await buildFixture(test, {
      buildpacks: [ONCE],
      base: { env: ['PATH=/usr/bin:/bin', 'WHO=base-'] },
    });
    const find = (): Promise<Image> =>
      locatorOf(test).find(parseLocation(`oci:${join(fixture.directory, 'out')}:shop`), 'app image', testContext(test));
    const first = await build(fixture, 'none');
    assert.equal(first.code, 0, first.stderr);
    const { config, layers } = await find();
    assert.deepEqual(config.env, ['PATH=/layers/test_once/tool/bin:/usr/bin:/bin', 'WHO=base-first', 'TYPED=typed']);
    assert.deepEqual([config.entrypoint, config.cmd], [['/layers/test_once/tool/bin/serve'], ['--port', '80']]);
    assert.equal(config.workingDir, '/workspace/sub');
    assert.equal(config.labels['io.slipway.launcher.kind'], 'none');
    assert.match(first.stderr, /has none of task/);
    assert.match(first.stderr, /a value given at run time replaces what buildpacks set for PATH, WHO, TYPED/);
    assert.match(readFileSync(join(fixture.directory, 'report.toml'), 'utf8'), /launcher = "none"/);
    const again = await build(fixture, 'none');
    assert.equal(again.code, 0, again.stderr);
    const second = await find();
    assert.deepEqual([second.config.env, second.config.entrypoint], [config.env, config.entrypoint]);
    assert.deepEqual(
      second.layers.map(({ diffId }) => diffId),
      layers.map(({ diffId }) => diffId),
    );
  });

  it('starts a program of the run image by its path, and is refused when there is none of that name', async (test) => {
    const launch = '[[processes]]\\ntype = "web"\\ncommand = ["serve"]\\ndefault = true\\n';
    const fixture = await buildFixture(test, {
      buildpacks: [{ id: 'test/bare', build: `printf '${launch}' >"$1/launch.toml"` }],
      base: { env: ['PATH=/opt/bin:/bin'], entries: [SERVE] },
    });
    const found = await build(fixture, 'none');
    assert.equal(found.code, 0, found.stderr);
    const location = parseLocation(`oci:${join(fixture.directory, 'out')}:shop`);
    const { config } = await locatorOf(test).find(location, 'app image', testContext(test));
    assert.deepEqual(config.entrypoint, ['/bin/serve']);
    const bare = await buildFixture(test, {
      buildpacks: [{ id: 'test/bare', build: `printf '${launch}' >"$1/launch.toml"` }],
    });
    const refused = await build(bare, 'none');
    assert.equal(refused.code, 62);
    assert.match(refused.stderr, /its command serve is in no directory of PATH/);
  });

  it('is what auto comes to on a run image without a shell, which is said before the build', async (test) => {
    const { build: script, ...once } = ONCE;
    const hook = 'mkdir -p "$1/tool/exec.d"; : >"$1/tool/exec.d/hook"';
    const fixture = await buildFixture(test, { buildpacks: [{ ...once, build: `${script}\necho building\n${hook}` }] });
    const result = await build(fixture, 'auto');
    assert.equal(result.code, 62);
    const said = result.stderr.indexOf('it can be made only if its default process starts without one');
    assert.ok(said >= 0 && said < result.stderr.indexOf('building'), result.stderr);
    assert.match(result.stderr, /no launcher fits the image\s+\[LAUNCHER_UNUSABLE\]/);
    assert.match(result.stderr, /none\s+\/layers\/test_once\/tool\/exec\.d\/hook runs at each start/);
    const shell = await build(fixture, 'shell');
    assert.equal(shell.code, 62);
    assert.doesNotMatch(shell.stderr, /building/);
  });
});

function build(fixture: BuildFixture, launcher: string): Promise<ProgramResult> {
  const args = fixture.args.slice(0, fixture.args.indexOf('--launcher'));
  const rest = ['--launcher', launcher, '--report', 'report.toml', '--output', 'oci:out:shop', '--cache-dir', 'cache'];
  return slipway([...args, ...rest], { cwd: fixture.directory, env: { HOME: join(fixture.directory, 'home') } });
}

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { hasCode } from '../../../src/core/errors.ts';
import { openConfig, type Config } from '../../../src/platform/config/config.ts';
import { configPlaces } from '../../../src/platform/config/places.ts';
import { surveyConfig } from '../../../src/platform/config/survey.ts';
import { preferredCandidates, registryMirrors } from '../../../src/platform/config/use.ts';
import { temporaryDirectory } from '../../support/context.ts';

const PACK = `default-builder-image = "registry.example/pack-builder"
pull-policy = "never"
experimental = true
layout-repo-dir = "/layouts"
future = { key = 1 }

[registry-mirrors]
"index.docker.io" = "pack.example"
"quay.io" = "quay.example:5000/proxy"

[[run-images]]
image = "registry.example/run"
mirrors = ["pack.example/run"]

[[run-images]]
image = "registry.example/other:2"
mirrors = ["pack.example/other:2"]

[[trusted-builders]]
name = "registry.example/one"

[[registries]]
name = "official"
type = "github"
url = "https://registry.example/index"
`;

const OURS = `default-builder-image = "registry.example/our-builder"

[registry-mirrors]
"index.docker.io" = "ours.example"

[[run-images]]
image = "registry.example/run:latest"
mirrors = ["ours.example/run"]

[[trusted-builders]]
name = "registry.example/one"
[[trusted-builders]]
name = "registry.example/two"
`;

describe('the config files', () => {
  it('are ours below SLIPWAY_HOME, XDG_CONFIG_HOME or HOME, then pack’s below PACK_HOME or HOME', () => {
    const at = (env: Readonly<Record<string, string>>, home?: string): readonly string[] =>
      configPlaces({ env, home, cwd: '/work' }).map(({ shown }) => shown);
    assert.deepEqual(at({}, '/home/ann'), ['~/.config/slipway/config.toml', '~/.pack/config.toml']);
    assert.deepEqual(at({ XDG_CONFIG_HOME: '/conf' }, '/home/ann'), [
      '/conf/slipway/config.toml',
      '~/.pack/config.toml',
    ]);
    assert.deepEqual(at({ XDG_CONFIG_HOME: 'relative', SLIPWAY_HOME: '', PACK_HOME: '' }), []);
    assert.deepEqual(at({ SLIPWAY_HOME: '/s', PACK_HOME: 'p' }), ['/s/config.toml', '/work/p/config.toml']);
  });

  it('of pack’s alone give pack’s values', (t) => {
    const { config } = written(t, { pack: PACK });
    assert.equal(config.text('default-builder-image')?.value, 'registry.example/pack-builder');
    assert.equal(config.text('pull-policy')?.value, 'never');
    assert.equal(config.text('lifecycle-image'), undefined);
    assert.deepEqual(config.flag('experimental')?.value, true);
    assert.deepEqual(
      config.registries().map(({ value }) => value),
      [{ name: 'official', type: 'github', url: 'https://registry.example/index' }],
    );
  });

  it('ours counts before pack’s, name by name in lists and tables', (t) => {
    const { config } = written(t, { pack: PACK, ours: OURS });
    const builder = config.text('default-builder-image');
    assert.deepEqual([builder?.value, builder?.place.origin], ['registry.example/our-builder', 'slipway']);
    assert.equal(config.text('pull-policy')?.place.origin, 'pack');
    assert.deepEqual(Object.fromEntries(registryMirrors(config)), {
      'index.docker.io': 'ours.example',
      'quay.io': 'quay.example:5000/proxy',
    });
    const preferred = preferredCandidates(config);
    assert.deepEqual(
      ['registry.example/run', 'registry.example/other:2', 'registry.example/other'].map((image) =>
        preferred(image).map(({ name, shown }) => [name, shown]),
      ),
      [[['registry.example/run', 'ours.example/run']], [['registry.example/other:2', 'pack.example/other:2']], []],
    );
    assert.deepEqual(
      config.trustedBuilders().map(({ value }) => value),
      ['registry.example/one', 'registry.example/two'],
    );
  });

  it('an empty text counts as none', (t) => {
    const { config } = written(t, { ours: 'default-builder-image = ""\n', pack: PACK });
    assert.equal(config.text('default-builder-image')?.place.origin, 'pack');
  });

  it('a wrong value stops who needs it, naming file and key, and nobody else', (t) => {
    const { config } = written(t, {
      ours: 'pull-policy = 3\nexperimental = "yes"\n[registry-mirrors]\n"*" = "https://m.example"\n[[run-images]]\nimage = "a"\nmirrors = ["UPPER/x"]\n',
    });
    assert.equal(config.text('default-builder-image'), undefined);
    const said = (ask: () => unknown): string => {
      try {
        ask();
        return '';
      } catch (error) {
        assert.ok(hasCode(error, 'FILE_INVALID'));
        return error.message;
      }
    };
    assert.equal(
      said(() => config.text('pull-policy')),
      '~/.config/slipway/config.toml: pull-policy: expected a string, found a number',
    );
    assert.equal(
      said(() => config.flag('experimental')),
      '~/.config/slipway/config.toml: experimental: expected true or false, found a string',
    );
    assert.match(
      said(() => registryMirrors(config)),
      /registry-mirrors\."\*": is an URL: write HOST/,
    );
    assert.match(
      said(() => config.runImages()),
      /run-images\[0\]\.mirrors: "UPPER\/x" is no image/,
    );
  });

  it('a file that is no TOML is told with line and column by who needs it; survey tells of both files', (t) => {
    const { config, machine } = written(t, { ours: OURS, pack: 'a = 1\nb = = 2\n' });
    assert.equal(config.text('default-builder-image')?.value, 'registry.example/our-builder');
    assert.throws(
      () => config.text('pull-policy'),
      (error) => hasCode(error, 'FILE_INVALID') && error.message.startsWith('~/.pack/config.toml:2:5'),
    );
    const { settings, files } = surveyConfig(machine);
    assert.deepEqual(
      files.map(({ isThere, problems }) => [isThere, problems.length]),
      [
        [true, 0],
        [true, 1],
      ],
    );
    assert.deepEqual(
      settings.map(({ key }) => key),
      ['default-builder-image'],
    );
  });
});

function written(
  t: TestContext,
  files: { readonly ours?: string; readonly pack?: string },
): { readonly config: Config; readonly machine: { env: Record<string, string>; home: string; cwd: string } } {
  const home = temporaryDirectory(t);
  const machine = { env: {}, home, cwd: home };
  const write = (path: string, text: string | undefined): void => {
    if (text === undefined) return;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  write(join(home, '.config', 'slipway', 'config.toml'), files.ours);
  write(join(home, '.pack', 'config.toml'), files.pack);
  return { config: openConfig(machine), machine };
}

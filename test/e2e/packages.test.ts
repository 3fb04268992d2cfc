import assert from 'node:assert/strict';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { builderBed } from '../support/builder-bed.ts';
import { buildFixture } from '../support/build-fixture.ts';
import { slipway } from '../support/program.ts';

describe('slipway buildpack new', () => {
  it('in sh: what it writes is packaged, made into a builder, and builds', async (t) => {
    const bed = await builderBed(t);
    if (bed === undefined) return;
    const { directory } = bed.fixture;
    const run = (...args: readonly string[]): ReturnType<typeof slipway> => slipway(args, bed.options);
    const made = await run('buildpack', 'new', 'acme/greeter');
    assert.deepEqual([made.code, made.stderr], [0, '']);
    writeFileSync(join(directory, 'app', 'greeting.txt'), 'good morning\n');
    const packaged = await run('buildpack', 'package', 'greeter.cnb', '--path', 'acme_greeter');
    assert.equal(packaged.code, 0, packaged.stderr);
    assert.doesNotMatch(packaged.stderr, /warning/);
    assert.match(packaged.stderr, /^linux\/arm64 .* greeter-linux-arm64\.cnb$/m);
    writeFileSync(
      join(directory, 'own.toml'),
      '[build]\nimage = "oci:base"\n[[run.images]]\nimage = "oci:run"\n[[buildpacks]]\nuri = "greeter-linux-amd64.cnb"\n[[order]]\ngroup = [{id = "acme/greeter"}]\n',
    );
    const created = await run('builder', 'create', 'oci:own', '--config', 'own.toml', '--label', 'team=acme');
    assert.equal(created.code, 0, created.stderr);
    const built = await bed.build(['--output', 'oci:out'], {}, ['--builder', 'oci:own']);
    assert.equal(built.code, 0, built.stderr);
    assert.match(built.stderr, /the image will say: good morning/);
  });

  it('in Node: what it writes is packaged, and builds where there is Node', async (t) => {
    const fixture = await buildFixture(t, {});
    const { directory } = fixture;
    const options = { cwd: directory, env: { HOME: directory, TMPDIR: directory } };
    const made = await slipway(['buildpack', 'new', 'acme/greeter', '--template', 'node'], options);
    assert.equal(made.code, 0, made.stderr);
    const packaged = await slipway(['buildpack', 'package', 'oci:packages:greeter', '--path', 'acme_greeter'], options);
    assert.equal(packaged.code, 0, packaged.stderr);
    const pulled = await slipway(['buildpack', 'pull', 'oci:packages:greeter', '--output', 'copy.cnb'], options);
    assert.deepEqual([pulled.code, pulled.stdout], [0, packaged.stdout], pulled.stderr);
    const nowhere = await slipway(['buildpack', 'pull', 'oci:packages:greeter'], options);
    assert.deepEqual([nowhere.code, nowhere.stderr.includes('--output oci:DIR:NAME')], [3, true], nowhere.stderr);
    const noPackage = await slipway(['buildpack', 'pull', 'oci:run', '--output', 'oci:x'], options);
    assert.match(noPackage.stderr, /oci:run is no buildpackage/);
    mkdirSync(join(directory, 'own', 'acme_greeter'), { recursive: true });
    cpSync(join(directory, 'acme_greeter'), join(directory, 'own', 'acme_greeter', '0.1.0'), { recursive: true });
    mkdirSync(join(directory, 'greeted'));
    writeFileSync(join(directory, 'greeted', 'greeting.txt'), 'good evening\n');
    const built = await slipway(
      [
        ...['build', 'greeted', '--path', 'greeted', '--buildpacks', 'own', '--run-image', 'oci:run'],
        ...['--sandbox', 'host', '--output', 'oci:out'],
      ],
      options,
    );
    assert.equal(built.code, 0, built.stderr);
    assert.match(built.stderr, /the image will say: good evening/);
  });

  it('refuses a directory that is not empty, and an id that is none', async (t) => {
    const fixture = await buildFixture(t, {});
    const run = (...args: readonly string[]): ReturnType<typeof slipway> => slipway(args, { cwd: fixture.directory });
    const full = await run('extension', 'new', 'acme/x', '--path', '.');
    assert.deepEqual([full.code, full.stderr.includes('is not empty')], [3, true], full.stderr);
    const wrong = await run('buildpack', 'new', 'Acme Node');
    assert.deepEqual([wrong.code, wrong.stderr.includes('"Acme Node" cannot be the id')], [3, true], wrong.stderr);
  });
});

describe('slipway builder', () => {
  it('inspect prints what pack prints, as text, JSON, YAML and TOML; suggest asks nobody', async (t) => {
    const bed = await builderBed(t);
    if (bed === undefined) return;
    const run = async (...args: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await slipway(args, bed.options);
      assert.deepEqual([code, stderr], [0, '']);
      return stdout;
    };
    const text = await run('builder', 'inspect', 'oci:builder');
    for (const part of [
      "Inspecting builder: 'oci:builder'\n\nLOCAL:\n\nCreated By:\n  Name: Slipway\n",
      '\nTrusted: No\n',
      '\nRun Images:\n  oci:run\n',
      '\nBuildpacks:\n  ID          NAME  VERSION  HOMEPAGE\n  test/hello  -     1.0.0    -\n',
      '\nDetection Order:\n └ Group #1:\n    └ test/hello@1.0.0\n',
    ])
      assert.ok(text.includes(part), `${part}\nis not in\n${text}`);
    const json = await run('builder', 'inspect', 'oci:builder', '--output', 'json');
    assert.equal(json, await run('builder', 'inspect', 'oci:builder', '--json'));
    assert.match(await run('builder', 'inspect', 'oci:builder', '--output', 'yaml'), /^builder_name: "oci:builder"\n/);
    assert.match(await run('builder', 'inspect', 'oci:builder', '--output', 'toml'), /^builder_name = "oci:builder"\n/);
    assert.match(await run('builder', 'suggest', '--no-color'), /Heroku: +heroku\/builder:24 /);
    const one = await run('buildpack', 'inspect', 'test/hello', '--builder', 'oci:builder');
    assert.match(one, /ID: test\/hello\nVersion: 1\.0\.0\n/);
  });
});

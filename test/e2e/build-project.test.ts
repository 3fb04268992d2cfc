import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { parseObject } from '../support/build-runs.ts';
import { builderBed, type BuilderBed } from '../support/builder-bed.ts';
import { documentsWith, layerFiles } from '../support/layout-layers.ts';
import { slipway } from '../support/program.ts';
import type { SampleBuildpack } from '../support/sample-buildpacks.ts';
import { archive, entry } from '../support/tar.ts';
import { DIRECTORY, FILE, LINK, PROGRAM, zipOf } from '../support/zip.ts';

/** Says which files and variables it was given. */
const TELLER: SampleBuildpack = {
  id: 'test/teller',
  build: `echo "files: $(find . -mindepth 1 | sort | tr '\\n' ' ')"; echo "vars: $(env | grep '^BP_[ABT]=' | sort | tr '\\n' ' ')"
printf '[[processes]]\\ntype = "web"\\ncommand = ["/bin/true"]\\ndefault = true\\n' >"$1/launch.toml"`,
};

const FILES = {
  'src/a.js': 'a',
  'src/notes.txt': 'n',
  'secret.txt': 's',
  'spec/one.js': '1',
  'spec/deep/two.txt': '2',
};

const variable = (table: string, name: string, value: string, more = ''): string =>
  `[[${table}]]\nname = "BP_${name}"\nvalue = "${value}"\n${more}`;

describe('slipway build with a project.toml', () => {
  it('schema 0.1: excluded files are in no layer and in no buildpack, variables reach it, its builder is taken', async (t) => {
    const bed = await projectBed(
      t,
      `[project]\nid = "com.acme.shop"\nversion = "1.2"\nsource-url = "https://acme.example"\n[metadata]\nteam = "a"\n[build]\nbuilder = "oci:../builder"\nexclude = ["/secret.txt", "spec/"]\n${variable('build.env', 'A', 'from the file')}`,
    );
    if (bed === undefined) return;
    const built = await bed.build(['--output', 'oci:out'], {}, []);
    assert.equal(built.code, 0, built.stderr);
    assert.match(built.stderr, /files: \.\/project\.toml \.\/src \.\/src\/a\.js \.\/src\/notes\.txt/);
    assert.match(built.stderr, /vars: BP_A=from the file/);
    assert.match(built.stderr, /warning: app\/project\.toml has no schema version/);
    assert.match(
      built.stderr,
      /project +app\/project\.toml {3}schema 0\.1, builder, 2 exclude patterns, 1 variable, metadata/,
    );
    assert.deepEqual(await appFiles(bed, 'out'), ['project.toml', 'src', 'src/a.js', 'src/notes.txt']);
    assert.deepEqual(projectLabel(bed, 'out'), {
      source: {
        type: 'project',
        version: { declared: '1.2' },
        metadata: { url: 'https://acme.example', id: 'com.acme.shop', metadata: { team: 'a' } },
      },
    });
  });

  it('schema 0.2: only included files are there; what the command line says wins; a file of metadata is the label', async (t) => {
    const bed = await projectBed(
      t,
      `[_]\nschema-version = "0.2"\nname = "Shop"\n[io.buildpacks]\nbuilder = "registry.invalid/not/asked"\ninclude = ["*.js", "!/spec/"]\n${variable('io.buildpacks.build.env', 'A', 'from the file')}${variable('io.buildpacks.build.env', 'B', 'b')}`,
    );
    if (bed === undefined) return;
    const metadata = join(bed.fixture.directory, 'metadata.toml');
    writeFileSync(metadata, '[source]\ntype = "git"\n');
    const built = await bed.build([
      '--output',
      'oci:out',
      '--env',
      'BP_A=from the flag',
      '--project-metadata',
      metadata,
    ]);
    assert.equal(built.code, 0, built.stderr);
    assert.match(built.stderr, /files: \.\/spec \.\/spec\/one\.js \.\/src \.\/src\/a\.js/);
    assert.match(built.stderr, /vars: BP_A=from the flag BP_B=b/);
    assert.deepEqual(await appFiles(bed, 'out'), ['spec', 'spec/one.js', 'src', 'src/a.js']);
    assert.deepEqual(projectLabel(bed, 'out'), { source: { type: 'git' } });
  });

  it('schema 0.3: parts for another execution environment are left out; a script builds before the builder’s buildpacks', async (t) => {
    const script = (id: string, text: string): string =>
      `id = "acme/${id}"\nscript.api = "0.12"\nscript.inline = 'echo ${text}'\n`;
    const bed = await projectBed(
      t,
      `[_]\nschema-version = "0.3"\n[[io.buildpacks.pre.group]]\n${script('one', 'SCRIPT-ONE')}[[io.buildpacks.post.group]]\n${script('two', 'SCRIPT-TWO')}exec-env = ["test"]\n${variable('io.buildpacks.build.env', 'A', 'a')}${variable('io.buildpacks.build.env', 'T', 'test', 'exec-env = ["test"]\n')}`,
    );
    if (bed === undefined) return;
    const production = await bed.build(['--output', 'oci:out']);
    assert.equal(production.code, 0, production.stderr);
    assert.match(production.stderr, /SCRIPT-ONE[^]*files: /);
    assert.match(production.stderr, /vars: BP_A=a *$/m);
    assert.doesNotMatch(production.stderr, /SCRIPT-TWO/);
    const test = await bed.build(['--output', 'oci:test', '--exec-env', 'test']);
    assert.equal(test.code, 0, test.stderr);
    assert.match(test.stderr, /SCRIPT-ONE[^]*files: [^]*SCRIPT-TWO/);
    assert.match(test.stderr, /vars: BP_A=a BP_T=test/);
  });

  it('a group takes the place of the order, its relative uri counts from the descriptor; --buildpack takes its place', async (t) => {
    const bed = await projectBed(t, undefined);
    if (bed === undefined) return;
    const { directory } = bed.fixture;
    mkdirSync(join(directory, 'conf'));
    writeFileSync(
      join(directory, 'conf/shop.toml'),
      '[_]\nschema-version = "0.2"\n[[io.buildpacks.group]]\nid = "acme/script"\nscript.api = "0.12"\nscript.inline = "echo SCRIPT-RUNS"\n[[io.buildpacks.group]]\nuri = "../bps/test_teller/1.0.0"\n',
    );
    const built = await bed.build(['--descriptor', 'conf/shop.toml', '--output', 'oci:out']);
    assert.equal(built.code, 0, built.stderr);
    assert.match(built.stderr, /SCRIPT-RUNS[^]*files: /);
    const flagged = await bed.build(['-d', 'conf/shop.toml', '--buildpack', 'test/teller', '--output', 'oci:two']);
    assert.equal(flagged.code, 0, flagged.stderr);
    assert.doesNotMatch(flagged.stderr, /SCRIPT-RUNS/);
  });

  it('a descriptor that is wrong or not there stops the build before anything of it', async (t) => {
    const bed = await projectBed(t, '[_]\nschema-version = "0.2"\n[io.buildpacks]\ninclude = ["a"]\nexclude = ["b"]\n');
    if (bed === undefined) return;
    const wrong = await bed.build(['--output', 'oci:out']);
    assert.equal(wrong.code, 1, wrong.stderr);
    assert.match(wrong.stderr, /app\/project\.toml: io\.buildpacks\.exclude: cannot stand beside include/);
    assert.doesNotMatch(wrong.stderr, /unpacked/);
    const missing = await bed.build(['--output', 'oci:out', '--descriptor', 'nowhere.toml']);
    assert.deepEqual([missing.code, missing.stderr.includes('there is no project descriptor nowhere.toml')], [3, true]);
    assert.equal(readdirSync(bed.fixture.directory).includes('out'), false);
  });
});

describe('slipway build of an archive', () => {
  it('gives the directory’s digest from a zip and from a tar.gz on standard input, with the project.toml in it', async (t) => {
    const project = '[_]\nschema-version = "0.2"\n[io.buildpacks]\nexclude = ["secret.txt"]\n';
    const bed = await projectBed(t, undefined);
    if (bed === undefined) return;
    const { directory } = bed.fixture;
    const app = join(directory, 'same');
    mkdirSync(join(app, 'bin'), { recursive: true });
    for (const [name, text, mode] of [
      ['project.toml', project, 0o644],
      ['secret.txt', 's', 0o644],
      ['bin/run', '#!/bin/sh\n', 0o755],
    ] as const) {
      writeFileSync(join(app, name), text);
      chmodSync(join(app, name), mode);
    }
    chmodSync(join(app, 'bin'), 0o755);
    symlinkSync('bin/run', join(app, 'start'));
    const tar = archive(
      entry({ name: 'project.toml', body: project }),
      entry({ name: 'secret.txt', body: 's' }),
      entry({ name: 'bin/run', mode: 0o755, body: '#!/bin/sh\n', uid: 7 }),
      entry({ name: 'start', type: 'symlink', linkname: 'bin/run' }),
    );
    const zip = zipOf([
      { name: 'project.toml', mode: FILE, body: project },
      { name: 'secret.txt', mode: FILE, body: 's' },
      { name: 'bin/', mode: DIRECTORY },
      { name: 'bin/run', mode: PROGRAM, body: '#!/bin/sh\n' },
      { name: 'start', mode: LINK, body: 'bin/run' },
    ]);
    writeFileSync(join(directory, 'app.zip'), zip);
    const digests: string[] = [];
    for (const path of ['same', 'app.zip', '-']) {
      const output = `oci:out-${path}`;
      const args = ['build', 'shop', '--builder', 'oci:builder', '--path', path, '--output', output, '--quiet'];
      const built = await slipway(args, { ...bed.options, ...(path === '-' ? { input: gzipSync(tar) } : {}) });
      assert.equal(built.code, 0, built.stderr);
      digests.push(built.stdout.trim());
    }
    assert.equal(new Set(digests).size, 1, digests.join('\n'));
    assert.deepEqual(await appFiles(bed, 'out--'), ['bin', 'bin/run', 'project.toml', 'start']);
    assert.deepEqual(
      readdirSync(directory).filter((name) => name.startsWith('slipway-')),
      [],
    );
  });

  it('is refused before anything of the build; nothing of it stays', async (t) => {
    const bed = await projectBed(t, undefined);
    if (bed === undefined) return;
    const { directory } = bed.fixture;
    writeFileSync(join(directory, 'bad.zip'), zipOf([{ name: '../evil', mode: FILE }]));
    const args = ['build', 'shop', '--builder', 'oci:builder', '--output', 'oci:out', '--path'];
    const refused = await slipway([...args, 'bad.zip'], bed.options);
    assert.equal(refused.code, 1, refused.stderr);
    assert.match(refused.stderr, /bad\.zip: entry "\.\.\/evil" has "\.\." in its name/);
    const twice = await slipway([...args, '-', '--run-image', 'oci-archive:-'], { ...bed.options, input: '' });
    assert.deepEqual([twice.code, twice.stderr.includes('two inputs are standard input: --path -')], [3, true]);
    assert.deepEqual(
      readdirSync(directory).filter((name) => name === 'out' || name.startsWith('slipway-')),
      [],
    );
  });
});

/** A builder whose buildpack tells what it sees, and an app with that project.toml. */
async function projectBed(t: TestContext, project: string | undefined): Promise<BuilderBed | undefined> {
  const bed = await builderBed(t, { buildpacks: [TELLER] });
  if (bed === undefined) return undefined;
  const { app } = bed.fixture;
  for (const name of readdirSync(app)) execFileSync('rm', ['-r', join(app, name)]);
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(app, name)), { recursive: true });
    writeFileSync(join(app, name), text);
  }
  if (project !== undefined) writeFileSync(join(app, 'project.toml'), project);
  return bed;
}

/** What the image has in /workspace, relative to it. */
async function appFiles(bed: BuilderBed, output: string): Promise<readonly string[]> {
  const names = await layerFiles(join(bed.fixture.directory, output));
  return names.flatMap((name) => (name.startsWith('/workspace/') ? [name.slice('/workspace/'.length)] : [])).sort();
}

function projectLabel(bed: BuilderBed, output: string): unknown {
  const [config = ''] = documentsWith(join(bed.fixture.directory, output), 'io.buildpacks.project.metadata');
  const label = /"io\.buildpacks\.project\.metadata":("(?:[^"\\]|\\.)*")/.exec(readFileSync(config, 'utf8'))?.[1];
  const text: unknown = JSON.parse(label ?? '""');
  return parseObject(String(text));
}

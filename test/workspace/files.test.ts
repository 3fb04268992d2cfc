import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { EMPTY_LIFECYCLE_METADATA } from '../../src/cnb/layer-metadata.ts';
import { formatLocation, parseLocation } from '../../src/oci/location.ts';
import {
  readAnalyzed,
  readBuildMetadata,
  readGroup,
  readOrder,
  readPlan,
  readProjectMetadata,
  readRun,
  readSystem,
  writeAnalyzed,
  writeBuildMetadata,
  writeGroup,
  writePlan,
  writeReport,
} from '../../src/workspace/files.ts';
import {
  readBuild,
  readLaunch,
  readLayerFile,
  readStore,
  writeLayerFile,
  writeStore,
} from '../../src/workspace/buildpack-files.ts';
import { buildpackFeatures, platformFeatures } from '../../src/cnb/features.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';
import { rejectionOf } from '../support/failure.ts';

describe('required files', () => {
  for (const [name, read, prefix, exit] of [
    ['order.toml', readOrder, 'failed to initialize detector: reading order: failed to read order file: ', 1],
    ['group.toml', readGroup, 'failed to read group file: ', 1],
    ['plan.toml', readPlan, 'failed to read plan file: ', 1],
    ['metadata.toml', readBuildMetadata, 'read build metadata: ', undefined],
  ] as const) {
    it(`say that ${name} is missing, and what is wrong in it`, async (t) => {
      const path = join(temporaryDirectory(t), name);
      const missing = await rejectionOf(read(path));
      assert.equal(missing.code, 'FILE_NOT_FOUND');
      assert.equal(missing.message, `${prefix}open ${path}: no such file or directory`);
      assert.equal(missing.exit, exit);
      writeFileSync(path, 'a = 1\nb = ?');
      const invalid = await rejectionOf(read(path));
      assert.equal(invalid.code, 'FILE_INVALID');
      assert.equal(invalid.message, `${prefix}${path}:2:5: "?" is not a value`);
      assert.equal(invalid.details['text'], 'b = ?');
      assert.equal(invalid.exit, exit);
      const directory = await rejectionOf(read(temporaryDirectory(t)));
      assert.equal(directory.code, 'FILE_NOT_READABLE');
      assert.match(directory.message, /: is a directory$/);
    });
  }
});

describe('optional files', () => {
  it('are empty when missing, and say so at their level', async (t) => {
    const ctx = testContext(t);
    const path = join(ctx.tmp, 'x.toml');
    assert.deepEqual(await readSystem(path, ctx), { pre: [], post: [] });
    assert.equal(await readAnalyzed(path, parseLocation, ctx), undefined);
    assert.deepEqual(await readRun(path, ctx), []);
    assert.deepEqual(await readProjectMetadata(path, ctx), {});
    assert.deepEqual(ctx.events, [
      { type: 'log', level: 'debug', message: `No system buildpacks found at path "${path}"` },
      { type: 'log', level: 'warn', message: `No analyzed metadata found at path "${path}"` },
      { type: 'log', level: 'info', message: `No run metadata found at path "${path}"` },
      {
        type: 'log',
        level: 'debug',
        message: `No project metadata found at path "${path}", project metadata will not be exported`,
      },
    ]);
  });

  it('are refused when broken', async (t) => {
    const ctx = testContext(t);
    const path = join(ctx.tmp, 'x.toml');
    writeFileSync(path, 'x');
    assert.match(
      (await rejectionOf(readAnalyzed(path, parseLocation, ctx))).message,
      /^failed to read analyzed file: .*x\.toml:1:2: /,
    );
    assert.match((await rejectionOf(readRun(path, ctx))).message, /^failed to read run file: /);
    assert.match((await rejectionOf(readSystem(path, ctx))).message, /failed to read system file: /);
  });
});

describe('written files', () => {
  it('are read back, and leave nothing else behind', async (t) => {
    const ctx = testContext(t);
    const at = (name: string): string => join(ctx.tmp, 'new', name);
    const group = [{ kind: 'buildpack', id: 'a', version: '1', api: '0.12' }] as const;
    const plan = [{ providers: [{ kind: 'buildpack', id: 'a', version: '1' }], requires: [{ name: 'x' }] }] as const;
    const metadata = {
      buildpacks: [{ id: 'a', version: '1', api: '0.12' }],
      extensions: [],
      labels: [],
      processes: [],
      slices: [],
    };
    const analyzed = { previousImage: parseLocation('oci:out:a'), metadata: EMPTY_LIFECYCLE_METADATA };
    await Promise.all([
      writeGroup(at('group.toml'), group),
      writePlan(at('plan.toml'), plan),
      writeBuildMetadata(at('config/metadata.toml'), metadata, platformFeatures('0.15')),
      writeAnalyzed(at('analyzed.toml'), analyzed, formatLocation),
      writeReport(at('report.toml'), { tags: ['a'] }),
    ]);
    assert.deepEqual(await readGroup(at('group.toml')), group);
    assert.deepEqual(await readPlan(at('plan.toml')), plan);
    assert.deepEqual(await readBuildMetadata(at('config/metadata.toml')), metadata);
    assert.deepEqual(await readAnalyzed(at('analyzed.toml'), parseLocation, ctx), analyzed);
    assert.equal(readFileSync(at('report.toml'), 'utf8'), '[image]\n  tags = ["a"]\n');
    assert.deepEqual(readdirSync(at('.')).sort(), [
      'analyzed.toml',
      'config',
      'group.toml',
      'plan.toml',
      'report.toml',
    ]);
  });
});

describe("a buildpack's files", () => {
  it('are empty when missing', async (t) => {
    const path = join(temporaryDirectory(t), 'x.toml');
    const features = buildpackFeatures('0.12', 'x');
    assert.deepEqual(await readLaunch(path, features, 'x'), { processes: [], labels: [], slices: [], bom: [] });
    assert.deepEqual(await readBuild(path), { unmet: [], bom: [] });
    assert.equal(await readLayerFile(path), undefined);
    assert.equal(await readStore(path, 'x'), undefined);
  });

  it('are read back', async (t) => {
    const directory = temporaryDirectory(t);
    await writeLayerFile(join(directory, 'l.toml'), { n: 7 });
    await writeStore(join(directory, 'store.toml'), { k: 'v' });
    assert.deepEqual(await readLayerFile(join(directory, 'l.toml')), {
      types: { launch: false, build: false, cache: false },
      metadata: { n: 7 },
    });
    assert.deepEqual(await readStore(join(directory, 'store.toml'), 'x'), { k: 'v' });
  });
});

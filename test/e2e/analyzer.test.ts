import assert from 'node:assert/strict';
import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { lifecycleMetadataLabel } from '../../src/cnb/labels.ts';
import { EMPTY_LIFECYCLE_METADATA } from '../../src/cnb/layer-metadata.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { fill, imageOf } from '../support/images.ts';
import { lifecycleBed, putRunImage, type LifecycleBed } from '../support/lifecycle-bed.ts';
import { lifecycle } from '../support/program.ts';
import { appImageOf, runImageOf } from '../support/rebase-images.ts';

const RUN_IMAGE = imageOf('linux/amd64');
const PREVIOUS = imageOf('linux/amd64', {
  config: {
    config: {
      Labels: {
        'io.buildpacks.lifecycle.metadata': lifecycleMetadataLabel({
          ...EMPTY_LIFECYCLE_METADATA,
          config: 'sha256:of-config',
        }),
      },
    },
  },
});
const AUTH = { kind: 'basic', users: { someone: 'secret' } } as const;
const TOKEN = Buffer.from('someone:secret').toString('base64');
const isRoot = process.getuid?.() === 0;

async function analyzed(bed: LifecycleBed, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const result = await bed.run('analyzer', [...args, `${bed.registry}/shop`], env);
  assert.equal(result.code, 0, result.stdout + result.stderr);
  return result.stdout;
}

describe('what the analyzer writes', () => {
  it('first build: no reference, no metadata, the run image of the variable (A-03, A-16, A-25)', async (t) => {
    const bed = await lifecycleBed(t);
    const { digest } = await putRunImage(bed);
    const name = `${bed.registry}/base/run:1`;
    await analyzed(bed, ['-cache-image', `${bed.registry}/cache`, '-previous-image', `${bed.registry}/old`], {
      CNB_RUN_IMAGE: name,
    });
    const text = bed.text('layers/analyzed.toml');
    assert.match(text, /^\[image\]\n {2}reference = ""$/m);
    assert.ok(!text.replaceAll(digest, '').includes('sha256:'), text);
    assert.match(text, new RegExp(`^\\[run-image\\]\\n  reference = "${bed.registry}/base/run@${digest}"`, 'm'));
    assert.match(text, new RegExp(`^  image = "${name}"$`, 'm'));
  });

  it('goes where -analyzed and CNB_ANALYZED_PATH say, with the previous image that was named (A-04, A-13)', async (t) => {
    const bed = await lifecycleBed(t);
    await putRunImage(bed);
    await bed.put('old:latest', async (sink) => {
      await fill(sink, [PREVIOUS], bed.ctx);
      return PREVIOUS.manifest.descriptor;
    });
    const args = ['-run-image', `${bed.registry}/base/run:1`, '-previous-image', `${bed.registry}/old`];
    await analyzed(bed, [...args, '-analyzed', 'layers/flag.toml'], { CNB_ANALYZED_PATH: 'layers/variable.toml' });
    await analyzed(bed, args, { CNB_ANALYZED_PATH: 'layers/variable.toml' });
    for (const file of ['flag', 'variable']) {
      const text = bed.text(`layers/${file}.toml`);
      assert.ok(text.includes(`reference = "${bed.registry}/old@${PREVIOUS.manifest.descriptor.digest}"`), text);
      assert.ok(text.includes('sha256:of-config'), text);
    }
  });

  it('from root belongs to the user that it becomes, who may use credentials that only root can read (A-27, A-28)', async (t) => {
    if (!isRoot) {
      t.skip('not root');
      return;
    }
    const bed = await lifecycleBed(t, { auth: AUTH });
    await putRunImage(bed);
    mkdirSync(join(bed.directory, 'private'), { mode: 0o755 });
    bed.write('home/.docker/config.json', JSON.stringify({ auths: { [bed.registry]: { auth: TOKEN } } }), 0o600);
    chmodSync(join(bed.directory, 'home'), 0o700);
    const layers = ['-layers', 'private', '-uid', '1234', '-gid', '1235'];
    const args = [...layers, '-run-image', `${bed.registry}/base/run:1`, `${bed.registry}/shop`];
    const env = { HOME: join(bed.directory, 'home') };
    const result = await lifecycle('analyzer', args, { cwd: bed.directory, env });
    assert.equal(result.code, 0, result.stdout);
    for (const path of ['private', 'private/analyzed.toml']) {
      const { uid, gid } = lstatSync(join(bed.directory, path));
      assert.deepEqual([uid, gid], [1234, 1235], path);
    }
  });

  it('under -layout: both images are read from the layout directory, references are path@digest (A-32)', async (t) => {
    const bed = await lifecycleBed(t);
    for (const [path, image] of [
      ['run.example/base/run/1', RUN_IMAGE],
      ['app.example/my/app/latest', PREVIOUS],
    ] as const) {
      await using sink = await openLayoutSink(join(bed.directory, 'layouts', path), 'latest', bed.ctx);
      await fill(sink, [image], bed.ctx);
      await sink.commit(bed.ctx);
    }
    chmodSync(join(bed.directory, 'layouts/app.example/my/app/latest'), 0o777);
    const layout = ['-layout', '-layout-dir', 'layouts', '-run-image', 'run.example/base/run:1'];
    const env = { CNB_EXPERIMENTAL_MODE: 'quiet' };
    const result = await bed.run('analyzer', [...layout, 'app.example/my/app'], env);
    assert.equal(result.code, 0, result.stdout);
    const text = bed.text('layers/analyzed.toml');
    const digests = [PREVIOUS, RUN_IMAGE].map(({ manifest }) => manifest.descriptor.digest);
    for (const reference of [
      `layouts/app.example/my/app/latest@${String(digests[0])}`,
      `layouts/run.example/base/run/1@${String(digests[1])}`,
    ])
      assert.ok(text.includes(`reference = "${reference}"`), text);
  });
});

describe('a registry that is plain HTTP, wants credentials, and is no loopback name', () => {
  /** Another name of this machine, which is asked over TLS unless it is listed. */
  const otherName = (bed: LifecycleBed): string => bed.registry.replace('127.0.0.1', '0.0.0.0');

  it('mirrors of run.toml are asked with the insecure list and the keychain (A-14, GAP-25)', async (t) => {
    const bed = await lifecycleBed(t, { auth: AUTH });
    await putRunImage(bed);
    const name = otherName(bed);
    bed.write('run.toml', `[[images]]\n  image = "${name}/gone:1"\n  mirrors = ["${name}/base/run:1"]\n`);
    const args = ['-run', 'run.toml', `${name}/shop`];
    const env = { CNB_REGISTRY_AUTH: JSON.stringify({ [name]: `Basic ${TOKEN}` }) };
    assert.equal((await bed.run('analyzer', args, env)).code, 32);
    const listed = ['-insecure-registry', name, ...args];
    assert.equal((await bed.run('analyzer', listed)).code, 32);
    const result = await bed.run('analyzer', listed, env);
    assert.equal(result.code, 0, result.stdout);
    assert.match(result.stdout, /Run image \S+\/base\/run:1 is taken: it is the first that can be used on the image's/);
    assert.match(bed.text('layers/analyzed.toml'), new RegExp(`reference = "${name}/base/run@sha256:`));
  });

  it('a rebase asks the mirrors of the label so too (Z-10, Z-13, GAP-25)', async (t) => {
    const bed = await lifecycleBed(t, { auth: AUTH });
    const name = otherName(bed);
    const app = appImageOf('linux/amd64', {
      runImage: { image: 'far.example/run:1', mirrors: [`${name}/base/run:1`] },
    });
    for (const [repository, image] of [
      ['shop:latest', app],
      ['base/run:1', runImageOf('linux/amd64', { layers: ['base 2'] })],
    ] as const)
      await bed.put(repository, async (sink) => {
        await fill(sink, [image], bed.ctx);
        return image.manifest.descriptor;
      });
    const env = {
      CNB_NO_COLOR: '1',
      CNB_LAYERS_DIR: join(bed.directory, 'layers'),
      CNB_REGISTRY_AUTH: JSON.stringify({ [name]: `Basic ${TOKEN}` }),
    };
    const refused = await lifecycle('rebaser', [`${name}/shop`], { env });
    assert.equal(refused.code, 72, refused.stdout);
    const result = await lifecycle('rebaser', ['-insecure-registry', name, `${name}/shop`], { env });
    assert.equal(result.code, 0, result.stdout);
    assert.match(bed.text('layers/report.toml'), /digest = "sha256:/);
  });
});

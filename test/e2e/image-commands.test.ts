import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { parseObject } from '../support/build-runs.ts';
import { requirePeer } from '../support/peers.ts';
import { goTool } from '../support/go-tool.ts';
import { slipway, type ProgramResult } from '../support/program.ts';
import { shell } from '../support/shell.ts';
import { spawnText } from '../support/spawn-text.ts';
import {
  AMD64,
  ARM64,
  artifactOf,
  attach,
  INDEX,
  save,
  saveIndex,
  toolScene,
  type ToolScene,
} from '../support/tool-scene.ts';

const CRANE = { package: 'github.com/google/go-containerregistry/cmd/crane', version: 'v0.22.1' };
const DIGEST = INDEX.descriptor.digest;

function image(scene: ToolScene, ...args: readonly string[]): Promise<ProgramResult> {
  return slipway(['image', ...args], { cwd: scene.directory });
}

async function out(scene: ToolScene, ...args: readonly string[]): Promise<string> {
  const result = await image(scene, ...args);
  assert.equal(result.code, 0, result.stderr);
  return result.stdout;
}

async function refused(
  scene: ToolScene,
  args: readonly string[],
  expected: { code: number; text: RegExp },
): Promise<void> {
  const result = await image(scene, ...args);
  assert.equal(result.code, expected.code, result.stderr);
  assert.equal(result.stdout, '');
  assert.match(result.stderr, expected.text, args.join(' '));
}

describe('slipway image: an air gap', () => {
  it('pull to a layout, push into another registry: digests are the result, everything else is said beside it', async (t) => {
    const scene = await toolScene(t);
    const from = `${scene.host}/team/app:1`;
    await saveIndex(scene, from);
    await attach(scene, `${scene.host}/team/app`, artifactOf(INDEX.descriptor, 'application/spdx+json'));
    const pulled = await image(scene, 'pull', from, 'oci:carry', '--referrers');
    assert.equal(pulled.stdout, `${DIGEST}\n`);
    assert.match(pulled.stderr, /^copied {2}.*with 1 that refers to it\n +oci:carry/);
    assert.equal(
      await out(scene, 'ls', 'oci:carry'),
      `${from}\n@${artifactOf(INDEX.descriptor, 'application/spdx+json').manifest.descriptor.digest}\n`,
    );
    const to = `${scene.host}/inside/app:1`;
    assert.equal(await out(scene, 'push', `oci:carry:${from}`, to, '--referrers'), `${DIGEST}\n`);
    assert.match(await out(scene, 'referrers', to), /^sha256:[0-9a-f]{64} {2}application\/spdx\+json {2}\d+\n$/);
    const checked = await image(scene, 'validate', 'oci:carry', '--quiet');
    assert.deepEqual([checked.code, checked.stdout, checked.stderr], [0, '', '']);
  });

  it('all tags, with a line for each; --json ends with what was copied', async (t) => {
    const scene = await toolScene(t);
    for (const tag of ['1', '2']) await saveIndex(scene, `${scene.host}/app:${tag}`);
    assert.equal(
      await out(scene, 'pull', `${scene.host}/app`, 'oci:carry', '--all-tags'),
      `1  ${DIGEST}\n2  ${DIGEST}\n`,
    );
    const lines = (await out(scene, 'copy', `${scene.host}/app:1`, 'oci:other', '--json'))
      .trim()
      .split('\n')
      .map(parseObject);
    const end = lines.at(-1);
    assert.deepEqual([end?.['v'], end?.['type'], end?.['images']], [1, 'copy.end', [{ digest: DIGEST }]]);
    assert.ok(lines.some((line) => line['type'] === 'blob.progress'));
    await refused(scene, ['pull', `${scene.host}/app:1`, 'oci:x', '--all-tags'], {
      code: 3,
      text: /leave the tag or name out/,
    });
  });

  it('an archive on standard output holds nothing but the archive, one on standard input is read', async (t) => {
    const scene = await toolScene(t);
    await save(scene, `${scene.host}/app:1`, { images: [AMD64] });
    const line = 'slipway image copy "$1" docker-archive:-:app:1 | slipway image copy docker-archive:- oci:out';
    const result = await shell(line, [`${scene.host}/app:1`], { cwd: scene.directory });
    assert.equal(result.code, 0, result.stderr);
    assert.equal(result.stdout, `${AMD64.manifest.descriptor.digest}\n`);
  });
});

describe('slipway image: asking', () => {
  it('manifest, config and blob are their bytes; --json is one document', async (t) => {
    const scene = await toolScene(t);
    const app = `${scene.host}/app:1`;
    await saveIndex(scene, app);
    const [manifest, config] = await Promise.all([
      out(scene, 'manifest', app),
      out(scene, 'config', app, '--platform', 'linux/arm64'),
    ]);
    assert.equal(manifest, Buffer.from(INDEX.bytes).toString());
    const { digest } = ARM64.config.descriptor;
    assert.equal(`sha256:${createHash('sha256').update(config).digest('hex')}`, digest);
    const [blob, json] = await Promise.all([
      out(scene, 'blob', `${scene.host}/app@${digest}`),
      out(scene, 'manifest', app, '--json'),
    ]);
    assert.equal(blob, config);
    const document = parseObject(json);
    assert.deepEqual(
      [document['v'], document['digest'], document['manifest']],
      [1, DIGEST, JSON.parse(Buffer.from(INDEX.bytes).toString())],
    );
    const saved = parseObject(await out(scene, 'blob', `${scene.host}/app@${digest}`, '--to', 'config.json', '--json'));
    assert.equal(saved['digest'], digest);
    assert.equal(readFileSync(join(scene.directory, 'config.json'), 'utf8'), config);
    const listed = parseObject(await out(scene, 'ls', `${scene.host}/app`, '--digests', '--json'));
    assert.deepEqual(listed['images'], [{ name: '1', ...INDEX.descriptor }]);
    assert.equal(await out(scene, 'catalog', scene.host), 'app\n');
  });

  it('a missing image, a wrong platform, a bad argument: one error with code and way out, no output', async (t) => {
    const scene = await toolScene(t);
    await saveIndex(scene, `${scene.host}/app:1`);
    await refused(scene, ['config', `${scene.host}/app:1`, '--platform', 'linux/s390x'], {
      code: 1,
      text: /\[PLATFORM_NOT_FOUND\][\s\S]*do +--platform linux\/amd64\n$/,
    });
    await Promise.all([
      refused(scene, ['blob', `${scene.host}/app:1`], { code: 3, text: /LOCATION@sha256/ }),
      refused(scene, ['rm', `${scene.host}/app`], { code: 3, text: /add :TAG/ }),
    ]);
    await Promise.all([
      refused(scene, ['pull', 'oci:a', `${scene.host}/app:2`], { code: 3, text: /slipway image push oci:a/ }),
      refused(scene, ['copy', `${scene.host}/app:1`, `oci:out@${DIGEST}`], { code: 3, text: /names a digest/ }),
    ]);
    await refused(scene, ['cpoy', 'oci:a', 'oci:b'], { code: 2, text: /did you mean slipway image copy/ });
    const failed = await image(scene, 'digest', `${scene.host}/none`, '--json');
    assert.deepEqual([failed.code, parseObject(failed.stdout)['code']], [1, 'IMAGE_NOT_FOUND']);
    assert.equal(existsSync(join(scene.directory, 'out')), false);
  });

  it('a reader that goes away ends it with 141', async (t) => {
    const scene = await toolScene(t);
    await saveIndex(scene, `${scene.host}/app:1`);
    const line = '{ sleep 0.7; slipway image manifest "$1"; echo "code $?" >&2; } | true';
    const { stderr } = await shell(line, [`${scene.host}/app:1`], { cwd: scene.directory });
    assert.match(stderr, /code 141/);
  });
});

describe('slipway image: changing', () => {
  it('tag and rm', async (t) => {
    const scene = await toolScene(t);
    await saveIndex(scene, `${scene.host}/app:1`);
    assert.equal(await out(scene, 'tag', `${scene.host}/app:1`, '2', 'latest'), `${DIGEST}\n`);
    const removed = `tag ${scene.host}/app:2, which led to ${DIGEST}\n`;
    assert.equal(await out(scene, 'rm', `${scene.host}/app:2`, '--dry-run'), `would remove ${removed}`);
    assert.equal(await out(scene, 'rm', `${scene.host}/app:2`), `removed ${removed}`);
    const json = parseObject(await out(scene, 'rm', `${scene.host}/app@${DIGEST}`, '--json'));
    assert.deepEqual(json['removed'], [{ location: `${scene.host}/app@${DIGEST}`, kind: 'manifest', digest: DIGEST }]);
  });
});

describe('slipway image beside its peers', () => {
  it('the manifest is what skopeo inspect --raw prints, from the registry and from the layout', async (t) => {
    const skopeo = requirePeer(t, 'skopeo');
    if (skopeo === undefined) return;
    const scene = await toolScene(t);
    await saveIndex(scene, `${scene.host}/app:1`);
    await image(scene, 'pull', `${scene.host}/app:1`, 'oci:out:v1');
    for (const [ours, theirs, tls] of [
      [`${scene.host}/app:1`, `docker://${scene.host}/app:1`, ['--tls-verify=false']],
      ['oci:out:v1', 'oci:out:v1', []],
    ] as const) {
      const raw = await spawnText(skopeo, ['inspect', '--raw', ...tls, theirs], {
        cwd: scene.directory,
        env: process.env,
      });
      assert.equal(await out(scene, 'manifest', ours), raw);
    }
  });

  it('the digest is crane’s, of the index and of a platform', async (t) => {
    const crane = goTool(t, CRANE);
    if (crane === undefined) return;
    const scene = await toolScene(t);
    const app = `${scene.host}/app:1`;
    await saveIndex(scene, app);
    for (const platform of [[], ['--platform', 'linux/arm64']]) {
      const theirs = await spawnText(resolve(crane), ['digest', ...platform, app], {
        cwd: scene.directory,
        env: process.env,
      });
      assert.equal((await out(scene, 'digest', app, ...platform)).trim(), theirs.trim());
    }
  });
});

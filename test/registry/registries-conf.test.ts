import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { collect } from '../../src/core/bytes.ts';
import { SlipwayError } from '../../src/core/errors.ts';
import { NO_NETWORK_OPTIONS, type NetworkOptions } from '../../src/registry/network-options.ts';
import { parseRegistriesConf, routeOf } from '../../src/registry/registries-conf.ts';
import { readRegistriesConf } from '../../src/registry/registries-conf-files.ts';
import { temporaryDirectory } from '../support/context.ts';
import { pushImage, repositoryWith, startRegistry, testClient, testImage } from '../support/registry.ts';

describe('registries.conf', () => {
  it('the longest prefix counts, in whole parts; the location takes its place', () => {
    const conf = parseRegistriesConf(
      `unqualified-search-registries = ["docker.io"]
       [aliases]
       "debian" = "docker.io/library/debian"
       [[registry]]
       location = "docker.io"
       [[registry.mirror]]
       location = "mirror.example:5000/hub"
       insecure = true
       [[registry.mirror]]
       location = "digests.example"
       pull-from-mirror = "digest-only"
       [[registry]]
       prefix = "docker.io/library"
       location = "base.example/debian/"
       [[registry]]
       prefix = "*.internal.example"
       location = "cache.example"
       [[registry]]
       prefix = "*.plain.example"
       insecure = true`,
      'registries.conf',
    );
    const placesOf = (registry: string, repository: string) =>
      routeOf(conf, registry, repository).places.map(
        (place) => `${place.registry}/${place.repository} ${place.takes}${place.isInsecure ? ' insecure' : ''}`,
      );
    assert.deepEqual(placesOf('index.docker.io', 'team/app'), [
      'mirror.example:5000/hub/team/app all insecure',
      'digests.example/team/app digest-only',
      'index.docker.io/team/app all',
    ]);
    assert.deepEqual(placesOf('index.docker.io', 'library/debian'), ['base.example/debian/debian all']);
    assert.deepEqual(placesOf('index.docker.io', 'libraryish/x').length, 3);
    assert.deepEqual(placesOf('a.b.internal.example', 'app'), ['cache.example/app all']);
    assert.deepEqual(placesOf('internal.example', 'app'), []);
    assert.deepEqual(routeOf(conf, 'a.plain.example', 'app'), { isInsecure: true, places: [] });
    assert.deepEqual(placesOf('registry.example', 'app'), []);
  });

  it('a blocked registry is an error that names the file', () => {
    const conf = parseRegistriesConf(
      '[[registry]]\nprefix = "bad.example/team"\nblocked = true\nlocation = "bad.example"',
      '/etc/r.conf',
    );
    assert.throws(() => routeOf(conf, 'bad.example', 'team/app'), {
      code: 'REGISTRY_DENIED',
      message: 'bad.example/team/app is blocked by /etc/r.conf',
    });
    assert.deepEqual(routeOf(conf, 'bad.example', 'teams/app').places, []);
  });

  it('what cannot be read is named with its file: the old version, a wrong word, no TOML', () => {
    for (const text of [
      '[registries.search]\nregistries = ["docker.io"]',
      '[[registry]]\nlocation = "a"\n[[registry.mirror]]\nlocation = "b"\npull-from-mirror = "some"',
      '[[registry]]\nblocked = true',
      '[[registry]]\nprefix = "*bad"\nlocation = "a"',
      '[[registry]',
    ])
      assert.throws(
        () => parseRegistriesConf(text, '/etc/r.conf'),
        (error) =>
          error instanceof SlipwayError && error.code === 'FILE_INVALID' && error.message.includes('/etc/r.conf'),
        text,
      );
  });

  it('the first file counts, then all of the directories; a later entry replaces one of its prefix', (t) => {
    const directory = temporaryDirectory(t);
    const [first, second, parts] = [join(directory, 'a.conf'), join(directory, 'b.conf'), join(directory, 'd')];
    mkdirSync(parts);
    writeFileSync(first, '[[registry]]\nlocation = "a.example"\n[[registry]]\nlocation = "c.example"');
    writeFileSync(second, '[[registry]]\nlocation = "b.example"');
    writeFileSync(join(parts, '10.conf'), '[[registry]]\nlocation = "a.example"\nblocked = true');
    writeFileSync(join(parts, 'notes.txt'), 'no TOML');
    const files = [join(directory, 'none.conf'), first, second];
    const conf = readRegistriesConf({ files, directories: [parts, join(directory, 'none')], isNamed: false });
    assert.deepEqual(
      conf.registries.map(({ prefix, isBlocked }) => [prefix, isBlocked]),
      [
        ['a.example', true],
        ['c.example', false],
      ],
    );
    assert.throws(() => readRegistriesConf({ files: files.slice(0, 1), directories: [], isNamed: true }), {
      code: 'FILE_NOT_FOUND',
    });
  });

  it('images are read from the first mirror that has them; what is written goes to the registry itself', async (t) => {
    const image = testImage('a');
    const [empty, full, own] = [await startRegistry(t), await startRegistry(t), await startRegistry(t)];
    await repositoryWith(testClient(t), full, image, 'cache/team/app');
    await repositoryWith(testClient(t), own, image, 'team/app');
    for (const registry of [empty, full, own]) registry.requests.length = 0;
    const network = networkOf(
      t,
      conf(own.name, [
        [empty.name, 'all'],
        [`${full.name}/cache`, 'all'],
      ]),
    );
    const repository = testClient(t, { network }).repository(own.name, 'team/app');
    const found = await repository.resolve('latest', own.ctx);
    assert.equal(found.descriptor.digest, image.manifest.descriptor.digest);
    await collect(repository.open(image.layer.descriptor, own.ctx), 10_000, 'layer');
    assert.equal(await repository.has(image.config.descriptor, own.ctx), true);
    assert.equal(own.requests.length, 0);
    assert.deepEqual([...new Set(full.requests.map(({ method }) => method))], ['GET', 'HEAD']);
    const before = full.requests.length;
    await pushImage(repository.openSink('v2'), testImage('b'), own.ctx);
    await repository.checkWrite(own.ctx);
    assert.deepEqual(
      [full.requests.length, empty.requests.filter(({ method }) => method !== 'GET' && method !== 'HEAD')],
      [before, []],
    );
    assert.ok(own.requests.some(({ method, path }) => method === 'PUT' && path.endsWith('/manifests/v2')));
  });

  it('digest-only mirrors are not asked for tags, tag-only ones not for digests and blobs', async (t) => {
    const image = testImage('a');
    const [digests, tags, own] = [await startRegistry(t), await startRegistry(t), await startRegistry(t)];
    for (const registry of [digests, tags, own]) {
      await repositoryWith(testClient(t), registry, image);
      registry.requests.length = 0;
    }
    const network = networkOf(
      t,
      conf(own.name, [
        [digests.name, 'digest-only'],
        [tags.name, 'tag-only'],
      ]),
    );
    const repository = testClient(t, { network }).repository(own.name, 'app');
    await repository.resolve('latest', own.ctx);
    assert.deepEqual(
      [digests, tags, own].map(({ requests }) => requests.length),
      [0, 1, 0],
    );
    await repository.resolve(image.manifest.descriptor.digest, own.ctx);
    await collect(repository.open(image.layer.descriptor, own.ctx), 10_000, 'layer');
    assert.deepEqual(
      [digests, tags, own].map(({ requests }) => requests.length),
      [2, 1, 0],
    );
  });

  it('a mirror that breaks off or sends other bytes is followed by the next one, and the whole is verified', async (t) => {
    const image = testImage('a', 300_000);
    const path = `/v2/app/blobs/${image.layer.descriptor.digest}`;
    let isBroken = false;
    const broken = await startRegistry(t, {
      intercept: (request) =>
        isBroken && request.path === path && request.method === 'GET'
          ? { kind: 'cut', afterBytes: 100_000 }
          : undefined,
    });
    const own = await startRegistry(t);
    for (const registry of [broken, own]) await repositoryWith(testClient(t), registry, image);
    isBroken = true;
    const network = networkOf(t, conf(own.name, [[broken.name, 'all']]));
    const repository = testClient(t, { network, retry: { attempts: 1 } }).repository(own.name, 'app');
    const bytes = await collect(repository.open(image.layer.descriptor, own.ctx), 1_000_000, 'layer');
    assert.equal(bytes.byteLength, 300_000);
    assert.ok(own.requests.some((request) => request.path === path && request.method === 'GET'));
  });

  it('the error of the last names what each mirror said; one that cannot be reached is asked once', async (t) => {
    const [empty, own] = [await startRegistry(t), await startRegistry(t)];
    const network = networkOf(
      t,
      conf(own.name, [
        ['127.0.0.1:1', 'all'],
        [empty.name, 'all'],
      ]),
    );
    const repository = testClient(t, { network }).repository(own.name, 'app');
    const failure = async (): Promise<SlipwayError> => {
      const error: unknown = await repository.resolve('v1', own.ctx).catch((reason: unknown) => reason);
      assert.ok(error instanceof SlipwayError);
      return error;
    };
    const first = await failure();
    assert.equal(first.code, 'IMAGE_NOT_FOUND');
    assert.equal(
      first.details['mirrors tried'],
      `127.0.0.1:1/app: 127.0.0.1:1 could not be reached: the connection was refused; ${empty.name}/app: image ${empty.name}/app:v1 was not found`,
    );
    assert.equal((await failure()).details['mirrors tried']?.startsWith(`${empty.name}/app`), true);
  });
});

function conf(location: string, mirrors: readonly (readonly [location: string, takes: string])[]): string {
  const parts = mirrors.map(
    ([mirror, takes]) => `[[registry.mirror]]\nlocation = "${mirror}"\npull-from-mirror = "${takes}"\n`,
  );
  return `[[registry]]\nlocation = "${location}"\n${parts.join('')}`;
}

function networkOf(t: TestContext, text: string): NetworkOptions {
  const file = join(temporaryDirectory(t), 'registries.conf');
  writeFileSync(file, text);
  return { ...NO_NETWORK_OPTIONS, registriesConf: { files: [file], directories: [], isNamed: true } };
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withMirror } from '../../src/registry/mirror-map.ts';
import { pushImage, startRegistry, testClient, testImage } from '../support/registry.ts';

const DIRECT = { isInsecure: false, places: [] } as const;

describe('registry mirrors of the settings', () => {
  it('a registry’s own comes before that of all; the mirror itself is read directly', () => {
    const mirrors = new Map([
      ['docker.io', 'hub.example'],
      ['*', 'all.example:5000/proxy'],
    ]);
    const placesOf = (registry: string): readonly string[] =>
      withMirror(DIRECT, mirrors, registry, 'acme/app').places.map((place) => `${place.registry} ${place.repository}`);
    assert.deepEqual(placesOf('index.docker.io'), ['hub.example acme/app', 'index.docker.io acme/app']);
    assert.deepEqual(placesOf('quay.io'), ['all.example:5000 proxy/acme/app', 'quay.io acme/app']);
    assert.deepEqual(withMirror(DIRECT, new Map([['*', 'all.example']]), 'all.example', 'acme/app'), DIRECT);
    assert.deepEqual(withMirror(DIRECT, new Map([['quay.io', 'q.example']]), 'ghcr.io', 'acme/app'), DIRECT);
  });

  it('comes before those of registries.conf', () => {
    const conf = { registry: 'conf.example', repository: 'app', isInsecure: false, takes: 'all' } as const;
    const own = { registry: 'quay.io', repository: 'app', isInsecure: false, takes: 'all' } as const;
    const route = { isInsecure: false, places: [conf, own] };
    assert.deepEqual(
      withMirror(route, new Map([['quay.io', 'ours.example']]), 'quay.io', 'app').places.map(
        ({ registry }) => registry,
      ),
      ['ours.example', 'conf.example', 'quay.io'],
    );
  });

  it('images are read from the mirror, from the registry where it has none, and written to the registry', async (t) => {
    const registry = await startRegistry(t);
    const mirror = await startRegistry(t);
    const image = testImage('mirrored');
    const direct = testClient(t);
    await pushImage(direct.repository(mirror.name, 'app').openSink('latest'), image, mirror.ctx);
    await pushImage(direct.repository(registry.name, 'lone').openSink('latest'), image, registry.ctx);
    registry.requests.length = mirror.requests.length = 0;

    let asked = 0;
    const mirrors = (): ReadonlyMap<string, string> => {
      asked += 1;
      return new Map([[registry.name, mirror.name]]);
    };
    const client = testClient(t, { mirrors });
    assert.equal(asked, 0, 'asked before there was a need');
    const read = await client.repository(registry.name, 'app').resolve('latest', registry.ctx);
    assert.equal(read.descriptor.digest, image.manifest.descriptor.digest);
    assert.deepEqual([registry.requests.length, mirror.requests.length], [0, 1]);
    await client.repository(registry.name, 'lone').resolve('latest', registry.ctx);
    assert.equal(registry.requests.length, 1);
    await pushImage(client.repository(registry.name, 'new').openSink('latest'), image, registry.ctx);
    assert.equal(
      mirror.requests.some(({ method }) => method !== 'GET' && method !== 'HEAD'),
      false,
      'something was written to the mirror',
    );
    assert.equal(asked, 1);
  });
});

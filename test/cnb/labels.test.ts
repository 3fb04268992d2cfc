import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { platformFeatures } from '../../src/cnb/features.ts';
import {
  buildMetadataLabel,
  cacheMetadataJson,
  decodeCacheMetadata,
  decodeLifecycleMetadata,
  lifecycleMetadataLabel,
} from '../../src/cnb/labels.ts';
import { EMPTY_LIFECYCLE_METADATA } from '../../src/cnb/layer-metadata.ts';
import { legacyBomJson } from '../../src/cnb/bom.ts';
import { TomlDate } from '../../src/cnb/toml-value.ts';
import { GOLDEN_PRODUCT } from '../support/context.ts';

describe('labels', () => {
  it('writes null for nothing and sorts layers and data by bytes', () => {
    assert.equal(
      lifecycleMetadataLabel({ ...EMPTY_LIFECYCLE_METADATA, stack: {} }),
      '{"app":null,"buildpacks":null,"config":{"sha":""},"launcher":{"sha":""},"process-types":{"sha":""},"runImage":{"topLayer":"","reference":""},"stack":{"runImage":{}}}',
    );
    const layer = { sha: 's', build: false, launch: true, cache: false };
    const json = cacheMetadataJson({
      sbom: '',
      buildpacks: [
        {
          key: 'a/b',
          version: '1',
          layers: { b: { ...layer, data: null }, '10': { ...layer, data: { z: 1n, Z: 1.5, '2': '<' } } },
          store: null,
        },
      ],
    });
    assert.equal(
      json,
      '{"sbom":{"sha":""},"buildpacks":[{"key":"a/b","version":"1","layers":{"10":{"sha":"s","data":{"2":"\\u003c","Z":1.5,"z":1},"build":false,"launch":true,"cache":false},"b":{"sha":"s","data":null,"build":false,"launch":true,"cache":false}},"store":{"metadata":null}}]}',
    );
  });

  it('writes integers with all digits and dates as text', () => {
    const data = {
      big: 9223372036854775807n,
      at: [
        new TomlDate('offset-date-time', '1979-05-27T07:32:00.5-07:00'),
        new TomlDate('local-date-time', '1979-05-27T07:32:00'),
      ],
    };
    const json = cacheMetadataJson({
      sbom: 'x',
      buildpacks: [
        { key: 'k', version: 'v', layers: { l: { sha: 's', data, build: true, launch: false, cache: true } } },
      ],
    });
    assert.ok(
      json.includes('"data":{"at":["1979-05-27T07:32:00.5-07:00","1979-05-27T07:32:00Z"],"big":9223372036854775807}'),
    );
  });

  it('writes the build metadata of no buildpacks, and args only when given (E-27)', () => {
    const process = { type: 'w', command: [], direct: true, isDefault: false, buildpackId: 'b' };
    assert.equal(
      buildMetadataLabel(
        {
          buildpacks: [],
          extensions: [],
          labels: [],
          slices: [],
          processes: [process, { ...process, args: [], execEnv: ['t'] }],
        },
        GOLDEN_PRODUCT,
        platformFeatures('0.15'),
      ),
      '{"buildpacks":null,"launcher":{"version":"0.0.0","source":{"git":{"repository":"github.com/buildpacks/lifecycle","commit":"4bd4b13e"}}},"processes":[{"type":"w","command":[],"args":null,"direct":true,"buildpackID":"b"},{"type":"w","command":[],"args":[],"direct":true,"buildpackID":"b","exec-env":["t"]}]}',
    );
  });

  it('writes a command as one string before Platform API 0.10, and the bill of materials before 0.9 (E-27)', () => {
    const process = { type: 'w', command: ['a', 'b'], direct: false, isDefault: false, buildpackId: 'b' };
    const buildpack = { id: 'b', version: '1' };
    const bom = [
      { name: 'dep', metadata: { n: 1n }, buildpack },
      { name: 'bare', buildpack },
    ];
    const metadata = { bom, buildpacks: [], extensions: [], labels: [], slices: [], processes: [process] };
    const label = (api: string, without: object = {}): string =>
      buildMetadataLabel({ ...metadata, ...without }, GOLDEN_PRODUCT, platformFeatures(api));
    const rest =
      '"buildpacks":null,"launcher":{"version":"0.0.0","source":{"git":{"repository":"github.com/buildpacks/lifecycle","commit":"4bd4b13e"}}},"processes":[{"type":"w","command":"a","args":["b"],"direct":false,"buildpackID":"b"}]}';
    const list =
      '[{"name":"dep","metadata":{"n":1},"buildpack":{"id":"b","version":"1"}},{"name":"bare","metadata":null,"buildpack":{"id":"b","version":"1"}}]';
    for (const api of ['0.7', '0.8']) assert.equal(label(api), `{"bom":${list},${rest}`);
    assert.equal(label('0.7', { bom: [] }), `{"bom":null,${rest}`);
    assert.equal(label('0.9'), `{${rest}`);
    assert.ok(label('0.10').includes('"command":["a","b"],"args":null'));
  });

  it('reads nothing from what is not such a label', () => {
    for (const text of [
      '',
      '{',
      '[]',
      '3',
      '{"app":1}',
      '{"buildpacks":[{"layers":{"l":{"launch":"yes"}}}]}',
      `{"app":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    ]) {
      assert.equal(decodeLifecycleMetadata(text), undefined, text.slice(0, 40));
    }
    assert.equal(decodeCacheMetadata(undefined), undefined);
    assert.equal(decodeCacheMetadata({ buildpacks: 'x' }), undefined);
  });

  it('reads an empty label as empty metadata', () => {
    assert.deepEqual(decodeLifecycleMetadata('{"app":null,"buildpacks":null}'), EMPTY_LIFECYCLE_METADATA);
    assert.deepEqual(decodeCacheMetadata({}), { sbom: '', buildpacks: [] });
  });

  it('writes the legacy bill of materials', () => {
    assert.equal(legacyBomJson([]), 'null\n');
    assert.equal(
      legacyBomJson([{ name: 'n', metadata: { b: 1n }, buildpack: { id: 'a', version: '1' } }]),
      '[{"name":"n","metadata":{"b":1},"buildpack":{"id":"a","version":"1"}}]\n',
    );
  });
});

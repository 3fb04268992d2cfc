import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeAnalyzed, encodeAnalyzed } from '../../../src/cnb/files/analyzed.ts';
import { decodeGroup, encodeGroup } from '../../../src/cnb/files/group.ts';
import { decodeLayerFile } from '../../../src/cnb/files/layer.ts';
import { decodeMetadata, encodeMetadata } from '../../../src/cnb/files/metadata.ts';
import { decodePlan, encodePlan } from '../../../src/cnb/files/plan.ts';
import { decodeProjectMetadata, projectMetadataLabel } from '../../../src/cnb/files/project-metadata.ts';
import { encodeReport } from '../../../src/cnb/files/report.ts';
import { decodeStore } from '../../../src/cnb/files/store.ts';
import {
  buildMetadataLabel,
  cacheMetadataJson,
  decodeCacheMetadata,
  decodeLifecycleMetadata,
  lifecycleMetadataLabel,
} from '../../../src/cnb/labels.ts';
import type { BuildpackRecord, LayerRecord } from '../../../src/cnb/layer-metadata.ts';
import type { Location } from '../../../src/oci/location.ts';
import { platformFeatures, type PlatformFeatures } from '../../../src/cnb/features.ts';
import { parseToml } from '../../../src/cnb/files/toml-read.ts';
import { ObjectReader } from '../../../src/schema/reader.ts';
import { GOLDEN_PRODUCT } from '../../support/context.ts';
import { golden, goldenFiles, goldenLabels } from '../../support/golden-files.ts';

/** The recorded references are not all ours to parse; here a location only carries its text. */
const keepText = (text: string): Location => ({ kind: 'docker-daemon', ref: text });
const textOf = (location: Location): string => (location.kind === 'docker-daemon' ? location.ref : '');

/** The Platform API that a case was recorded with. */
function featuresOf(file: string): PlatformFeatures {
  return platformFeatures(/-api(0\.\d+)\//.exec(file)?.[1] ?? '0.15');
}

const CODECS: readonly (readonly [string, (text: string, file: string) => string])[] = [
  ['/analyzed.toml', (text, file) => encodeAnalyzed(decodeAnalyzed(text, file, keepText), textOf)],
  ['/group.toml', (text, file) => encodeGroup(decodeGroup(text, file))],
  ['/plan.toml', (text, file) => encodePlan(decodePlan(text, file))],
  ['metadata.toml', (text, file) => encodeMetadata(decodeMetadata(text, file), featuresOf(file))],
  ['/report.toml', reencodeReport],
];

describe('golden TOML files', () => {
  for (const [ending, reencode] of CODECS) {
    const files = goldenFiles(ending).filter((file) => !file.startsWith('fixtures'));
    it(`has ${ending} files`, () => assert.ok(files.length > 0));
    for (const file of files) {
      it(`writes the bytes of ${file} again`, () => assert.equal(reencode(golden(file), file), golden(file)));
    }
  }
});

describe('golden labels', () => {
  for (const file of goldenFiles('/image/config.json')) {
    const labels = goldenLabels(file);
    const lifecycle = labels['io.buildpacks.lifecycle.metadata'] ?? '';
    it(`writes the lifecycle metadata of ${file} again`, () => {
      const decoded = decodeLifecycleMetadata(lifecycle);
      assert.ok(decoded !== undefined);
      assert.equal(lifecycleMetadataLabel(decoded), lifecycle);
    });
    const directory = file.slice(0, -'image/config.json'.length);
    const metadataFile = ['layers-dir/config/metadata.toml', 'config-metadata.toml']
      .map((name) => `${directory}${name}`)
      .find((name) => goldenFiles('metadata.toml').includes(name));
    if (metadataFile === undefined) continue;
    it(`makes the build metadata of ${file} from ${metadataFile}`, () => {
      const metadata = decodeMetadata(golden(metadataFile), metadataFile);
      assert.equal(
        buildMetadataLabel(metadata, GOLDEN_PRODUCT, featuresOf(file)),
        labels['io.buildpacks.build.metadata'],
      );
    });
  }

  it('makes the project metadata from its file', () => {
    const metadata = decodeProjectMetadata(golden('fixtures/project-metadata.toml'), 'p');
    assert.equal(
      projectMetadataLabel(metadata),
      goldenLabels('registry-5phase/image/config.json')['io.buildpacks.project.metadata'],
    );
  });

  it('makes the layer data from the layer files, numbers and dates included', () => {
    const label = goldenLabels('registry-5phase/image/config.json')['io.buildpacks.lifecycle.metadata'] ?? '';
    const decoded = decodeLifecycleMetadata(label);
    assert.ok(decoded !== undefined);
    const buildpacks = decoded.buildpacks.map((record) => (record.key === 'oracle/layers' ? fromDisk(record) : record));
    assert.equal(lifecycleMetadataLabel({ ...decoded, buildpacks }), label);
  });

  for (const file of goldenFiles('io.buildpacks.lifecycle.cache.metadata')) {
    it(`writes ${file} again`, () => {
      const decoded = decodeCacheMetadata(JSON.parse(golden(file)));
      assert.ok(decoded !== undefined);
      assert.equal(`${cacheMetadataJson(decoded)}\n`, golden(file));
    });
  }
});

/** The record of `oracle/layers` with its data read from the files that the buildpack wrote. */
function fromDisk(record: BuildpackRecord): BuildpackRecord {
  const directory = 'registry-5phase/layers-dir/oracle_layers';
  const layers = Object.entries(record.layers).map(([name, layer]): [string, LayerRecord] => {
    const file = decodeLayerFile(golden(`${directory}/${name}.toml`), name);
    return [name, { ...layer, ...file.types, data: file.metadata ?? null }];
  });
  return {
    ...record,
    layers: Object.fromEntries(layers),
    store: decodeStore(golden(`${directory}/store.toml`), 's', record.key),
  };
}

function reencodeReport(text: string): string {
  const image = new ObjectReader(parseToml(text, 'report.toml')).object('image');
  const digest = image.optionalString('digest');
  const manifestSize = image.optionalSafeInteger('manifest-size');
  return encodeReport({
    tags: image.strings('tags'),
    ...(digest === undefined ? {} : { digest }),
    ...(manifestSize === undefined ? {} : { manifestSize }),
  });
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { buildpackFeatures } from '../../../src/cnb/features.ts';
import { decodeAnalyzed } from '../../../src/cnb/files/analyzed.ts';
import { decodeBuildPlan } from '../../../src/cnb/files/build-plan.ts';
import { decodeBuild } from '../../../src/cnb/files/build.ts';
import { decodeGroup } from '../../../src/cnb/files/group.ts';
import { decodeLaunch } from '../../../src/cnb/files/launch.ts';
import { decodeLayerFile } from '../../../src/cnb/files/layer.ts';
import { decodeMetadata } from '../../../src/cnb/files/metadata.ts';
import { decodeModule } from '../../../src/cnb/files/module.ts';
import { decodeOrder } from '../../../src/cnb/files/order.ts';
import { decodePlan } from '../../../src/cnb/files/plan.ts';
import { decodeProject } from '../../../src/cnb/files/project.ts';
import { decodeProjectMetadata } from '../../../src/cnb/files/project-metadata.ts';
import { decodeRun } from '../../../src/cnb/files/run.ts';
import { decodeStack } from '../../../src/cnb/files/stack.ts';
import { decodeStore } from '../../../src/cnb/files/store.ts';
import { decodeSystem } from '../../../src/cnb/files/system.ts';
import { encodeToml } from '../../../src/cnb/files/toml-write.ts';
import { decodeCacheMetadata, decodeLifecycleMetadata } from '../../../src/cnb/labels.ts';
import { changeRunImage, readRunImageRecord } from '../../../src/cnb/run-image-record.ts';
import { SlipwayError } from '../../../src/core/errors.ts';
import { parseLocation } from '../../../src/oci/location.ts';
import { oddBytes, oddJson, oddTables } from '../../support/odd-data.ts';

type Input = Uint8Array | string;

const MODULE = { root: '/b', hasBuild: true, hasDetect: true, hasGenerate: true };
const words = (text: string): readonly string[] => text.split(' ');

/** The file → the keys that it knows → its decoders. */
const FILES: readonly (readonly [string, readonly string[], readonly ((bytes: Input, file: string) => unknown)[]])[] = [
  [
    'analyzed.toml',
    words(
      'image build-image run-image reference target os arch arch-variant distro name version id metadata extend slipway',
    ),
    [(bytes, file) => decodeAnalyzed(bytes, file, parseLocation)],
  ],
  [
    'the plan of bin/detect',
    words('provides requires or name version metadata'),
    [
      (bytes, file) => decodeBuildPlan(bytes, file, 'buildpack', 'a'),
      (bytes, file) => decodeBuildPlan(bytes, file, 'extension', 'a'),
    ],
  ],
  ['build.toml', words('unmet name bom metadata version'), [decodeBuild]],
  ['group.toml', words('group group-extensions id version api homepage optional extension'), [decodeGroup]],
  [
    'launch.toml',
    words(
      'processes type command args direct default working-dir exec-env labels key value slices paths bom name metadata',
    ),
    words('0.7 0.9 0.12').map(
      (api) => (bytes: Input, file: string) => decodeLaunch(bytes, file, buildpackFeatures(api, 'a'), 'a/b'),
    ),
  ],
  ['<layer>.toml', words('types launch build cache metadata'), [decodeLayerFile]],
  [
    'metadata.toml',
    words(
      'processes buildpacks extensions id version api homepage labels slices bom type command buildpack-id buildpack-default-process-type',
    ),
    [decodeMetadata],
  ],
  [
    'buildpack.toml',
    words(
      'api buildpack extension id version name homepage clear-env sbom-formats exec-env targets os arch distros stacks order group optional',
    ),
    [
      (bytes, file) => decodeModule(bytes, file, 'buildpack', MODULE),
      (bytes, file) => decodeModule(bytes, file, 'extension', MODULE),
    ],
  ],
  ['order.toml', words('order order-extensions group id version optional exec-env name'), [decodeOrder]],
  ['plan.toml', words('entries providers requires id version extension name metadata'), [decodePlan]],
  ['project-metadata.toml', words('source type version metadata'), [decodeProjectMetadata]],
  [
    'project.toml',
    words(
      '_ schema-version io buildpacks project build metadata licenses type uri id version authors include exclude group pre post script api inline shell env name value exec-env',
    ),
    [
      decodeProject,
      ...words('0.1 0.2 0.3').map(
        (schema) => (bytes: Input, file: string) =>
          decodeProject(`${String(bytes)}\n[_]\nschema-version = "${schema}"\n`, file),
      ),
    ],
  ],
  ['run.toml and stack.toml', words('images image mirrors run-image build-image'), [decodeRun, decodeStack]],
  ['store.toml', words('metadata a b'), [(bytes, file) => decodeStore(bytes, file, 'a')]],
  ['system.toml', words('system pre post buildpacks id version'), [decodeSystem]],
];

const LABEL_KEYS = words(
  'app sha sbom buildpacks key version layers a data build launch cache runImage topLayer reference image mirrors stack store metadata',
);

describe('whatever stands in a file', () => {
  for (const [what, keys, decoders] of FILES) {
    it(`${what} is read or refused with its name`, () => {
      const texts = oddTables(keys).map((table) => encodeToml(new Map(Object.entries(table))));
      fc.assert(
        fc.property(fc.oneof({ weight: 8, arbitrary: texts }, { weight: 1, arbitrary: oddBytes() }), (input) => {
          for (const decode of decoders) {
            const error = thrownBy(() => decode(input, '/layers/x.toml'));
            if (error !== undefined) assert.doesNotMatch(error.message, /undefined|\[object/);
          }
        }),
        { numRuns: 80 },
      );
    });
  }

  it('labels are read, or taken for none', () => {
    fc.assert(
      fc.property(oddJson(LABEL_KEYS), (text) => {
        thrownBy(() => decodeLifecycleMetadata(text));
        thrownBy(() => readRunImageRecord(text));
        thrownBy(() => changeRunImage(text, { topLayer: 'a', reference: 'b' }));
        thrownBy(() => decodeCacheMetadata(parsed(text)));
      }),
      { numRuns: 200 },
    );
  });
});

/** A typed error, or none; everything else is a defect. */
function thrownBy(task: () => unknown): SlipwayError | undefined {
  try {
    task();
    return undefined;
  } catch (error) {
    if (error instanceof SlipwayError) return error;
    throw error;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import { goJson } from '../oci/go-json.ts';
import type { Platform } from '../oci/platform.ts';
import type { JsonObject } from '../schema/reader.ts';
import { planHistory } from './history.ts';
import type { ImagePlan } from './plan.ts';
import { planRunConfig } from './run-config.ts';

/**
 * The image config of a plan, byte for byte as Go writes it (contract §15.1): Go's key order and escapes, empty members left out
 * except `architecture, created, os, rootfs, config`. Keys of the base outside Go's list are dropped: they tell how the base was
 * built (`container_config`, `moby.buildkit.*`), which is not true of this image.
 */
export function encodeConfig(plan: ImagePlan): Uint8Array {
  const fields: JsonObject = plan.base.kind === 'scratch' ? {} : plan.base.image.config.fields;
  const platform = platformOf(plan);
  const history = planHistory(plan);
  return Buffer.from(
    goJson({
      architecture: platform.architecture,
      author: text(fields['author']),
      created: plan.created,
      docker_version: text(fields['docker_version']),
      history: history.length === 0 ? undefined : history,
      os: platform.os,
      rootfs: { type: 'layers', diff_ids: diffIds(plan) },
      config: planRunConfig(plan),
      'os.version': platform.osVersion,
      variant: platform.variant,
      'os.features':
        platform.osFeatures === undefined || platform.osFeatures.length === 0 ? undefined : platform.osFeatures,
    }),
  );
}

function platformOf(plan: ImagePlan): Platform {
  return plan.base.kind === 'scratch' ? plan.base.platform : plan.base.image.config.platform;
}

function diffIds(plan: ImagePlan): readonly string[] {
  const base = plan.base.kind === 'scratch' ? [] : plan.base.image.config.diffIds;
  return [...base, ...plan.layers.map((planned) => planned.layer.diffId)];
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

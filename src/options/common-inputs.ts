import { SlipwayError } from '../core/errors.ts';
import { NO_DEPRECATIONS, parseDeprecationMode, type Deprecations } from '../cnb/deprecations.ts';
import type { PlatformFeatures } from '../cnb/features.ts';
import type { Owner } from '../layer/place.ts';
import { parsePlatform, type Platform } from '../oci/platform.ts';
import { readName, type NamedLocation, type NameRules } from './names.ts';
import type { OptionValues } from './option-values.ts';

/** What every reader of inputs needs: the values, and the two things that are not in them. */
export interface InputSource {
  readonly values: OptionValues;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly features: PlatformFeatures;
  readonly cwd: string;
}

/** Inputs that all programs share. */
export interface CommonInputs {
  readonly features: PlatformFeatures;
  readonly deprecations: Deprecations;
  /** Absolute. */
  readonly layersDir: string;
  readonly owner: Owner;
  /** Registries that may be asked over plain HTTP. */
  readonly insecure: readonly string[];
  readonly names: NameRules;
  readonly execEnv: string;
  /** Text of warnings about the combination of inputs. */
  readonly warnings: readonly string[];
}

/** Throws `ARGUMENT_INVALID` for `-daemon` and for `-layout` without `-layout-dir`. */
export function readCommon(source: InputSource): CommonInputs {
  const { values, env } = source;
  refuseDaemon(values);
  return {
    features: source.features,
    deprecations: { ...NO_DEPRECATIONS, mode: parseDeprecationMode(env['CNB_DEPRECATION_MODE']) },
    layersDir: values.required('layers'),
    owner: { uid: values.integer('uid'), gid: values.integer('gid') },
    insecure: values.list('insecure-registry'),
    names: readNameRules(values),
    execEnv: nonEmpty(env['CNB_EXEC_ENV']) ?? 'production',
    warnings: [],
  };
}

/** `-target` or SLIPWAY_TARGET. */
export function readTarget(values: OptionValues): Platform | undefined {
  const text = values.text('target');
  return text === undefined ? undefined : parsePlatform(text);
}

/** A name argument that may be absent. */
export function optionalName(text: string | undefined, names: NameRules): NamedLocation | undefined {
  return text === undefined || text === '' ? undefined : readName(text, names);
}

export function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}

function readNameRules(values: OptionValues): NameRules {
  if (!values.boolean('layout')) return {};
  const layoutDir = values.text('layout-dir');
  if (layoutDir === undefined) {
    throw new SlipwayError('ARGUMENT_INVALID', '-layout requires -layout-dir', {
      hint: 'give -layout-dir DIR, or name the layout itself: oci:DIR[:NAME]',
    });
  }
  return { layoutDir };
}

function refuseDaemon(values: OptionValues): void {
  if (!values.boolean('daemon')) return;
  throw new SlipwayError('ARGUMENT_INVALID', '-daemon is not supported: no daemon is used', {
    hint: 'write to docker-archive:FILE and run "docker load -i FILE"',
  });
}

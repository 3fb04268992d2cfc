import { SlipwayError } from '../core/errors.ts';
import { readCommon, type CommonInputs, type InputSource } from './common-inputs.ts';

export interface ExtenderInputs extends CommonInputs {
  /** Which image is extended. */
  readonly kind: 'build' | 'run';
  readonly analyzed: string;
  readonly appDir: string;
  readonly buildConfigDir: string;
  readonly buildpacksDir: string;
  readonly platformDir: string;
  readonly extendedDir: string;
  readonly generatedDir: string;
  readonly group: string;
  readonly plan: string;
  /** How long a cached layer counts, as Go writes durations. */
  readonly cacheTtl: string;
}

/** Inputs of the extender (contract §2, §11). Throws `ARGUMENT_INVALID` (exit 3) for another kind of image. */
export function readExtender(source: InputSource): ExtenderInputs {
  const { values } = source;
  return {
    ...readCommon(source),
    kind: readKind(values.required('kind')),
    analyzed: values.path('analyzed'),
    appDir: values.required('app'),
    buildConfigDir: values.required('build-config'),
    buildpacksDir: values.required('buildpacks'),
    platformDir: values.required('platform'),
    extendedDir: values.path('extended'),
    generatedDir: values.path('generated'),
    group: values.path('group'),
    plan: values.path('plan'),
    cacheTtl: values.duration('kaniko-cache-ttl'),
  };
}

function readKind(text: string): 'build' | 'run' {
  if (text === 'build' || text === 'run') return text;
  throw new SlipwayError('ARGUMENT_INVALID', `-kind is build or run, not ${JSON.stringify(text)}`);
}

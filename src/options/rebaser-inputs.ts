import { SlipwayError } from '../core/errors.ts';
import type { Platform } from '../oci/platform.ts';
import {
  nonEmpty,
  optionalName,
  readCommon,
  readTarget,
  type CommonInputs,
  type InputSource,
} from './common-inputs.ts';
import { readName, type NamedLocation } from './names.ts';

export interface RebaserInputs extends CommonInputs {
  /** `-previous-image`, else the first output. */
  readonly app: NamedLocation;
  /** Undefined: the one of the app's label. */
  readonly runImage: NamedLocation | undefined;
  readonly outputs: readonly [NamedLocation, ...NamedLocation[]];
  readonly force: boolean;
  readonly isStrict: boolean;
  readonly report: string;
  readonly sourceDateEpoch: string | undefined;
  readonly target: Platform | undefined;
}

/** Inputs of the rebaser (contract §2.1). Throws `ARGUMENT_INVALID` (exit 3). */
export function readRebaser(source: InputSource): RebaserInputs {
  const { values } = source;
  const common = readCommon(source);
  const [first, ...rest] = values.positionals.map((text) => {
    if (text === '') throw new SlipwayError('ARGUMENT_INVALID', 'image argument is required');
    return readName(text, common.names);
  });
  if (first === undefined) throw new SlipwayError('ARGUMENT_INVALID', 'at least one image argument is required');
  const runImage = optionalName(readRunImage(source), common.names);
  const recorded = values.text('run-image-name');
  return {
    ...common,
    warnings: values.text('image') === undefined ? [] : ['-image is deprecated, use -run-image'],
    app: optionalName(values.text('previous-image'), common.names) ?? first,
    runImage: runImage === undefined || recorded === undefined ? runImage : { ...runImage, name: recorded },
    outputs: [first, ...rest],
    force: values.boolean('force'),
    isStrict: values.boolean('strict'),
    report: values.path('report'),
    sourceDateEpoch: nonEmpty(source.env['SOURCE_DATE_EPOCH']),
    target: readTarget(values),
  };
}

/** `-run-image`, or its old name `-image`; one of both. */
function readRunImage({ values }: InputSource): string | undefined {
  const old = values.text('image');
  if (old === undefined) return values.text('run-image');
  if (values.text('run-image') !== values.envText('run-image'))
    throw new SlipwayError('ARGUMENT_INVALID', 'supply only one of -run-image or (deprecated) -image');
  return old;
}

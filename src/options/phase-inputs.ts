import { SlipwayError } from '../core/errors.ts';
import { parseLauncherChoice } from '../launcher/choose.ts';
import { parseCompression, type Compression } from '../layer/compression.ts';
import { isStandardStream } from '../oci/location.ts';
import type { Platform } from '../oci/platform.ts';
import {
  nonEmpty,
  optionalName,
  readCommon,
  readTarget,
  type CommonInputs,
  type InputSource,
} from './common-inputs.ts';
import { readCaches, type CacheInputs } from './cache-image.ts';
import { indexChoice, type IndexChoice } from './index-choice.ts';
import { asOutput, readName, type NamedLocation } from './names.ts';

/** The run image as asked for: a location, the base without layers, or whatever run.toml names. */
export type RunImageChoice =
  | { readonly kind: 'named'; readonly image: NamedLocation }
  | { readonly kind: 'scratch' }
  | { readonly kind: 'from-file' };

export interface AnalyzerInputs extends CommonInputs, CacheInputs {
  readonly analyzed: string;
  readonly outputs: readonly [NamedLocation, ...NamedLocation[]];
  /** Undefined where there is none to read: the image goes to standard output, and no other was named. */
  readonly previousImage: NamedLocation | undefined;
  readonly runImage: RunImageChoice;
  /** `-run-image-name`: what to record instead of a location. */
  readonly runImageName: string | undefined;
  /** run.toml, or stack.toml below Platform API 0.12. */
  readonly runToml: string;
  readonly launchCacheDir: string | undefined;
  readonly skipLayers: boolean;
  readonly target: Platform | undefined;
}

export interface DetectorInputs extends CommonInputs {
  readonly analyzed: string;
  readonly extensionsDir: string;
  /** Where extensions leave their Dockerfiles. */
  readonly generatedDir: string;
  /** run.toml, or stack.toml below Platform API 0.12. */
  readonly runToml: string;
  readonly appDir: string;
  readonly buildConfigDir: string;
  readonly buildpacksDir: string;
  readonly platformDir: string;
  readonly group: string;
  readonly plan: string;
  readonly order: string;
  readonly system: string;
  /** Optional buildpacks for other targets are skipped (GAP-14). */
  readonly hasStrictTargets: boolean;
}

export interface RestorerInputs extends CommonInputs, CacheInputs {
  readonly analyzed: string;
  readonly group: string;
  /** run.toml, or stack.toml below Platform API 0.12. */
  readonly runToml: string;
  readonly skipLayers: boolean;
  readonly buildImage: NamedLocation | undefined;
}

export interface BuilderInputs extends CommonInputs {
  readonly analyzed: string;
  readonly appDir: string;
  readonly buildConfigDir: string;
  readonly buildpacksDir: string;
  readonly platformDir: string;
  readonly group: string;
  readonly plan: string;
}

export interface ExporterInputs extends CommonInputs, CacheInputs {
  readonly analyzed: string;
  readonly appDir: string;
  readonly group: string;
  readonly outputs: readonly [NamedLocation, ...NamedLocation[]];
  readonly launchCacheDir: string | undefined;
  /** What is known of layers that did not change (performance.md §7). */
  readonly index: IndexChoice;
  readonly launcher: string;
  readonly launcherSbomDir: string;
  /** Of the layers that are made. */
  readonly compression: Compression;
  /** Fill the cache while the image is written. */
  readonly isParallel: boolean;
  readonly processType: string | undefined;
  readonly projectMetadata: string;
  readonly report: string;
  /** run.toml, or stack.toml below Platform API 0.12. */
  readonly runToml: string;
  readonly sourceDateEpoch: string | undefined;
  /** Where an extender leaves what it made. */
  readonly extendedDir: string;
}

export function readAnalyzer(source: InputSource): AnalyzerInputs {
  const { values } = source;
  const common = readCommon(source);
  const outputs = readOutputs([...values.positionals.slice(0, 1), ...values.list('tag')], common);
  const previous = optionalName(values.text('previous-image'), common.names);
  const first = asReadable(values.positionals[0] ?? '', common);
  return {
    ...common,
    warnings: [...common.warnings, ...parallelWarning(source)],
    analyzed: values.path('analyzed'),
    outputs,
    previousImage: previous ?? (isStandardStream(first.location) ? undefined : first),
    runImage: readRunImage(source, common),
    runImageName: values.text('run-image-name'),
    runToml: runTomlPath(source),
    ...readCaches(values),
    launchCacheDir: values.text('launch-cache'),
    skipLayers: values.boolean('skip-layers') || values.boolean('skip-restore'),
    target: readTarget(values),
  };
}

export function readDetector(source: InputSource): DetectorInputs {
  const { values } = source;
  return {
    ...readBuilder(source),
    extensionsDir: values.required('extensions'),
    generatedDir: values.required('generated'),
    runToml: runTomlPath(source),
    order: values.path('order'),
    system: values.path('system'),
    hasStrictTargets: values.boolean('strict-targets'),
  };
}

export function readRestorer(source: InputSource): RestorerInputs {
  const { values } = source;
  const common = readCommon(source);
  const caches = readCaches(values);
  const hasCache = caches.cacheDir !== undefined || caches.cacheImage !== undefined;
  return {
    ...common,
    ...caches,
    warnings: hasCache ? [] : ['No cached data will be used, no cache specified.'],
    analyzed: values.path('analyzed'),
    group: values.path('group'),
    runToml: runTomlPath(source),
    skipLayers: values.boolean('skip-layers') || values.boolean('skip-restore'),
    buildImage: optionalName(values.text('build-image'), common.names),
  };
}

export function readBuilder(source: InputSource): BuilderInputs {
  const { values } = source;
  return {
    ...readCommon(source),
    analyzed: values.path('analyzed'),
    appDir: values.required('app'),
    buildConfigDir: values.required('build-config'),
    buildpacksDir: values.required('buildpacks'),
    platformDir: values.required('platform'),
    group: values.path('group'),
    plan: values.path('plan'),
  };
}

export function readExporter(source: InputSource): ExporterInputs {
  const { values } = source;
  const common = readCommon(source);
  if (values.text('run-image') !== values.envText('run-image')) throw unsupported('-run-image is unsupported');
  if (values.text('image') !== undefined) throw unsupported('-image is unsupported');
  return {
    ...common,
    warnings: parallelWarning(source),
    analyzed: values.path('analyzed'),
    group: values.path('group'),
    outputs: readOutputs(values.positionals, common),
    ...readExportSettings(source),
  };
}

/** The part of the exporter's inputs that the creator shares. */
function readExportSettings(
  source: InputSource,
): Omit<ExporterInputs, keyof CommonInputs | 'analyzed' | 'group' | 'outputs'> {
  const { values } = source;
  return {
    appDir: values.required('app'),
    ...readCaches(values),
    launchCacheDir: values.text('launch-cache'),
    isParallel: values.boolean('parallel'),
    index: indexChoice({ isOff: values.boolean('no-index'), isVerified: values.boolean('verify-index') }),
    launcher: readLauncher(values.required('launcher')),
    launcherSbomDir: values.path('launcher-sbom'),
    compression: parseCompression(values.required('compression')),
    processType: values.text('process-type'),
    projectMetadata: values.path('project-metadata'),
    report: values.path('report'),
    runToml: runTomlPath(source),
    sourceDateEpoch: nonEmpty(source.env['SOURCE_DATE_EPOCH']),
    extendedDir: values.path('extended'),
  };
}

export type CreatorInputs = AnalyzerInputs & DetectorInputs & ExporterInputs;

export function readCreator(source: InputSource): CreatorInputs {
  const analyzer = readAnalyzer(source);
  const isIgnored = source.features.hasRunToml && source.values.origin('stack') === 'flag';
  const ignoredStack = isIgnored ? ['Ignoring -stack, run.toml is used instead'] : [];
  return {
    ...readDetector(source),
    ...readExportSettings(source),
    ...analyzer,
    warnings: [...analyzer.warnings, ...ignoredStack],
  };
}

function runTomlPath({ values, features }: InputSource): string {
  return values.path(features.hasRunToml ? 'run' : 'stack');
}

/** A word that is none stops here, not after the build (design §1.2). */
function readLauncher(text: string): string {
  parseLauncherChoice(text);
  return text;
}

function readRunImage(source: InputSource, common: CommonInputs): RunImageChoice {
  const text = source.values.text('run-image');
  if (text === undefined) return { kind: 'from-file' };
  if (text === 'scratch') {
    if (source.values.text('target') === undefined)
      throw new SlipwayError('ARGUMENT_INVALID', '-run-image scratch requires -target os/arch');
    return { kind: 'scratch' };
  }
  return { kind: 'named', image: readName(text, common.names) };
}

function readOutputs(texts: readonly string[], common: CommonInputs): readonly [NamedLocation, ...NamedLocation[]] {
  const [first, ...rest] = texts.map((text) => asOutput(asReadable(text, common), common.names));
  if (first === undefined) throw new SlipwayError('ARGUMENT_INVALID', 'image argument is required');
  return [first, ...rest];
}

function asReadable(text: string, common: CommonInputs): NamedLocation {
  if (text === '') throw new SlipwayError('ARGUMENT_INVALID', 'image argument is required');
  return readName(text, common.names);
}

function parallelWarning(source: InputSource): readonly string[] {
  const { values } = source;
  const hasCache = values.text('cache-dir') !== undefined || values.text('cache-image') !== undefined;
  return values.boolean('parallel') && !hasCache
    ? ['Parallel export has been enabled, but it has not taken effect because no cache has been specified.']
    : [];
}

function unsupported(message: string): SlipwayError {
  return new SlipwayError('ARGUMENT_INVALID', message);
}

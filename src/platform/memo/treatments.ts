import type { BuildOptions } from '../build/options.ts';

/**
 * What an option means to the memo. `key`: its value, or the content of what it names, is part of the key. `aside`: it only says where
 * the image and other results go, how the work is done or shown. `never`: with it nothing is looked up or remembered.
 */
export type Treatment = 'key' | 'aside' | 'never';

export interface OptionTreatment {
  readonly treatment: Treatment;
  /** What of it is in the key, or why it is not. */
  readonly what: string;
}

function key(what: string): OptionTreatment {
  return { treatment: 'key', what };
}

function aside(what: string): OptionTreatment {
  return { treatment: 'aside', what };
}

function never(what: string): OptionTreatment {
  return { treatment: 'never', what };
}

const REGISTRY = aside('how registries are reached: what is found there is known by its digest');
const SHOWN = aside('how the build is shown');
const FOREIGN = aside('without effect in any build');
const CACHE = aside('where layers of earlier builds lie; a hit leaves it as it is');

/** Every option of `slipway build`. */
export const OPTION_TREATMENTS: Readonly<Record<string, OptionTreatment>> = {
  path: key('names, modes, bytes and link targets of the files that count; not their times, owners or place'),
  descriptor: key('by what it says: builder, buildpacks, files that count, variables, metadata'),
  builder: key('its manifest digest'),
  buildpacks: never('without a builder, buildpacks use the programs and variables of this machine'),
  'run-image': key('its manifest digest, and the reference that the image records'),
  'run-image-name': key('as given'),
  platform: key('as given'),
  env: key('names and values, those of project.toml and the proxies among them'),
  'env-file': key('names and values'),
  'project-metadata': key('what the file says'),
  buildpack: key('the order that they make; of those that are not the builder’s, id, version and content'),
  'pre-buildpack': key('as --buildpack'),
  'post-buildpack': key('as --buildpack'),
  extension: key('as --buildpack; a build in which extensions took part is not remembered'),
  order: key('what it says'),
  output: aside('where the image goes; an image is remembered for each compression'),
  compression: aside('an image is remembered for each compression'),
  publish: aside('where the image goes'),
  report: aside('written for a hit too'),
  'report-output-dir': aside('written for a hit too'),
  'previous-image': CACHE,
  'no-index': aside('which layers are read again, not what is in them'),
  'verify-index': aside('as --no-index'),
  'default-process': key('as given'),
  launcher: key('the word, or the content of the file'),
  uid: key('as given'),
  gid: key('as given'),
  'creation-time': key('as given: with now, no two builds are the same'),
  volume: key('content of read-only host paths; with rw, a named volume or one in the app nothing is looked up'),
  binding: key('names and content'),
  secret: key('names, not values: what is secret is never in the image'),
  workspace: key('as given'),
  'sbom-output-dir': aside('the files are kept with the record and written for a hit too'),
  cache: CACHE,
  'cache-dir': CACHE,
  'cache-image': CACHE,
  'launch-cache': CACHE,
  'clear-cache': aside('nothing is looked up; the image is remembered'),
  tag: aside('more names for the image'),
  'lifecycle-image': key('its manifest digest'),
  'disable-system-buildpacks': key('as given'),
  'pull-policy': FOREIGN,
  'on-error': aside('what happens when a build fails'),
  'on-error-dir': aside('what happens when a build fails'),
  'dry-run': aside('says whether it would be a hit'),
  memo: aside('asks for all this'),
  sandbox: aside('how buildpacks are kept apart; with host and in-place nothing is looked up'),
  network: key('as given'),
  'exec-env': key('as given'),
  'layers-dir': never('a hit has no layers directory'),
  'time-limit': key('as given'),
  memory: key('as given'),
  'pids-limit': key('as given'),
  disk: key('as given'),
  'docker-host': FOREIGN,
  'userns-host': FOREIGN,
  'trust-builder': FOREIGN,
  'trust-extra-buildpacks': FOREIGN,
  interactive: FOREIGN,
  'buildpack-registry': FOREIGN,
  sparse: FOREIGN,
  'insecure-registry': REGISTRY,
  'trust-realm': REGISTRY,
  'ca-file': REGISTRY,
  timeout: REGISTRY,
  concurrency: REGISTRY,
  'trace-http': REGISTRY,
  offline: REGISTRY,
  progress: SHOWN,
  json: SHOWN,
  quiet: SHOWN,
  verbose: SHOWN,
  timestamps: SHOWN,
  'no-color': SHOWN,
};

/** The same of what the library is told: one that is added does not compile before it is here. */
export const FIELD_TREATMENTS: Readonly<Record<keyof Required<BuildOptions>, Treatment>> = {
  image: 'aside',
  path: 'key',
  descriptor: 'key',
  builder: 'key',
  buildpacks: 'never',
  order: 'key',
  modules: 'key',
  runImage: 'key',
  runImageName: 'key',
  outputs: 'aside',
  makesImage: 'aside',
  env: 'key',
  cacheDir: 'aside',
  cacheImage: 'aside',
  launchCacheDir: 'aside',
  caches: 'aside',
  sandbox: 'aside',
  network: 'key',
  target: 'key',
  compression: 'aside',
  launcher: 'key',
  previousImage: 'aside',
  defaultProcess: 'key',
  projectMetadata: 'key',
  report: 'aside',
  sourceDateEpoch: 'key',
  execEnv: 'key',
  layersDir: 'never',
  registry: 'aside',
  uid: 'key',
  gid: 'key',
  clearCache: 'aside',
  machine: 'aside',
  volumes: 'key',
  bindings: 'key',
  secrets: 'key',
  workspace: 'key',
  sbomOutputDir: 'aside',
  tags: 'aside',
  disablesSystemBuildpacks: 'key',
  lifecycleImage: 'key',
  notices: 'aside',
  commandLimits: 'key',
  onError: 'aside',
  onErrorDir: 'aside',
  trustedBuilders: 'aside',
  index: 'aside',
  memo: 'aside',
};

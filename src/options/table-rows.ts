import type { OptionKind, OptionName, OptionRow, Program } from './table.ts';

const A = 'analyzer';
const D = 'detector';
const R = 'restorer';
const X = 'extender';
const B = 'builder';
const E = 'exporter';
const C = 'creator';
const Z = 'rebaser';

interface Rest {
  readonly env?: string;
  readonly fallback?: string;
  readonly isOurs?: boolean;
}

type Flags = readonly (readonly [Program | 'every', string])[];

/** The option table: contract §2, line by line, and design §1.2's additions. In order of flag name, as usage texts print it. */
export const ROWS: readonly OptionRow[] = [
  row('analyzed', 'file', all(A, R, X, E, [D, '≥0.10'], [B, '≥0.12']), 'path to analyzed.toml', {
    env: 'CNB_ANALYZED_PATH',
    fallback: '<layers>/analyzed.toml',
  }),
  row('app', 'directory', all(D, X, B, E, C), 'path to app directory', {
    env: 'CNB_APP_DIR',
    fallback: '/workspace',
  }),
  row('build-config', 'directory', all([D, '≥0.11'], [B, '≥0.11'], [C, '≥0.11']), 'path to build config directory', {
    env: 'CNB_BUILD_CONFIG_DIR',
    fallback: '/cnb/build-config',
  }),
  row('build-image', 'string', all([R, '≥0.10']), 'reference to build image', { env: 'CNB_BUILD_IMAGE' }),
  row('buildpacks', 'directory', all(D, X, B, C), 'path to buildpacks directory', {
    env: 'CNB_BUILDPACKS_DIR',
    fallback: '/cnb/buildpacks',
  }),
  row('cache-dir', 'directory', all(R, E, C), 'path to cache directory', { env: 'CNB_CACHE_DIR' }),
  row('cache-image', 'string', all(A, R, E, C), 'cache image tag name', { env: 'CNB_CACHE_IMAGE' }),
  row('compression', 'string', all(E, C), 'how new layers are compressed: gzip[:1-9], zstd[:1-19], none', {
    env: 'SLIPWAY_COMPRESSION',
    fallback: 'gzip',
    isOurs: true,
  }),
  row('daemon', 'boolean', all(A, [R, '≥0.12'], E, C, Z), 'export to docker daemon', { env: 'CNB_USE_DAEMON' }),
  row('extended', 'file', all([X, '≥0.12'], [E, '≥0.12']), 'path to output directory for extended images', {
    env: 'CNB_EXTENDED_DIR',
    fallback: '<layers>/extended',
  }),
  row('extensions', 'directory', all([D, '≥0.10']), 'path to extensions directory', {
    env: 'CNB_EXTENSIONS_DIR',
    fallback: '/cnb/extensions',
  }),
  row('force', 'boolean', all([Z, '≥0.12']), 'execute rebase even if the target does not match', {
    env: 'CNB_FORCE_REBASE',
  }),
  row('generated', 'directory', all([D, '≥0.10'], [R, '≥0.12'], X), 'path to output directory of extensions', {
    env: 'CNB_GENERATED_DIR',
    fallback: '<layers>/generated',
  }),
  row('gid', 'integer', all(A, R, X, E, C, Z), "GID of user's group in the build and run images", {
    env: 'CNB_GROUP_ID',
    fallback: '0',
  }),
  row('group', 'file', all(D, R, X, B, E), 'path to group.toml', {
    env: 'CNB_GROUP_PATH',
    fallback: '<layers>/group.toml',
  }),
  row('image', 'string', all(E, Z), 'reference to run image (deprecated)', {}),
  row('insecure-registry', 'strings', from('≥0.13', A, R, E, C, Z), 'registry that may be asked over plain HTTP', {
    env: 'CNB_INSECURE_REGISTRIES',
  }),
  row('kaniko-cache-ttl', 'duration', all(X), 'how long cached layers are kept', {
    env: 'CNB_KANIKO_CACHE_TTL',
    fallback: '336h',
  }),
  row('kind', 'string', all([X, '≥0.12']), 'kind of image to extend', { env: 'CNB_EXTEND_KIND', fallback: 'build' }),
  row('launch-cache', 'directory', all([A, '≥0.9'], E, C), 'path to launch cache directory', {
    env: 'CNB_LAUNCH_CACHE_DIR',
  }),
  row('launcher', 'string', all(E, C), 'path to launcher binary, or auto, builder, shell, none', {
    fallback: 'auto',
  }),
  row('launcher-sbom', 'file', from('≥0.11', E, C), 'path to directory containing launcher SBOM files', {
    fallback: '/cnb/lifecycle',
  }),
  row('layers', 'directory', all(A, D, R, X, B, E, C), 'path to layers directory', {
    env: 'CNB_LAYERS_DIR',
    fallback: '/layers',
  }),
  row('layout', 'boolean', from('≥0.12', A, R, E, C), 'export to OCI layout format on disk', {
    env: 'CNB_USE_LAYOUT',
  }),
  row('layout-dir', 'file', from('≥0.12', A, R, E, C), 'path to directory of images in OCI layout format', {
    env: 'CNB_LAYOUT_DIR',
  }),
  row('log-level', 'string', every(), 'logging level', { env: 'CNB_LOG_LEVEL', fallback: 'info' }),
  row('no-color', 'boolean', every(), 'disable color output', { env: 'CNB_NO_COLOR' }),
  row('no-index', 'boolean', all(E, C), 'read every layer, also one that did not change', {
    env: 'SLIPWAY_NO_INDEX',
    isOurs: true,
  }),
  row('order', 'file', all(D, C), 'path to order.toml', { env: 'CNB_ORDER_PATH', fallback: '<layers>/order.toml' }),
  row('parallel', 'boolean', all(E, C), 'export app image and cache in parallel', { env: 'CNB_PARALLEL_EXPORT' }),
  row('plan', 'file', all(D, X, B), 'path to plan.toml', { env: 'CNB_PLAN_PATH', fallback: '<layers>/plan.toml' }),
  row('platform', 'directory', all(D, X, B, C), 'path to platform directory', {
    env: 'CNB_PLATFORM_DIR',
    fallback: '/platform',
  }),
  row('previous-image', 'string', all(A, C, [Z, '≥0.11']), 'reference to previous image', {
    env: 'CNB_PREVIOUS_IMAGE',
  }),
  row('process-type', 'string', all(E, C), 'default process type', { env: 'CNB_PROCESS_TYPE' }),
  row('project-metadata', 'file', all(E, C), 'path to project-metadata.toml', {
    env: 'CNB_PROJECT_METADATA_PATH',
    fallback: '<layers>/project-metadata.toml',
  }),
  row('report', 'file', all(E, C, Z), 'path to report.toml', {
    env: 'CNB_REPORT_PATH',
    fallback: '<layers>/report.toml',
  }),
  row('run', 'file', [...from('≥0.12', A, D, E, C), [R, '≥0.14']], 'path to run.toml', {
    env: 'CNB_RUN_PATH',
    fallback: '/cnb/run.toml',
  }),
  row('run-image', 'string', all(A, E, C, Z), 'reference to run image', { env: 'CNB_RUN_IMAGE' }),
  row('run-image-name', 'string', all(A, C, Z), 'name of the run image to record, when its location is no name', {
    env: 'SLIPWAY_RUN_IMAGE_NAME',
    isOurs: true,
  }),
  row('skip-layers', 'boolean', all([A, '≥0.9'], R), 'do not provide layer metadata to buildpacks', {
    env: 'CNB_SKIP_LAYERS',
  }),
  row('skip-restore', 'boolean', all(C), 'do not restore layers or layer metadata', { env: 'CNB_SKIP_RESTORE' }),
  row('stack', 'file', all([A, '<0.12'], [E, '<0.12'], C), 'path to stack.toml', {
    env: 'CNB_STACK_PATH',
    fallback: '/cnb/stack.toml',
  }),
  row('strict', 'boolean', all(Z), 'refuse a run image that the image does not name, of the same repository too', {
    env: 'SLIPWAY_STRICT_REBASE',
    isOurs: true,
  }),
  row('strict-targets', 'boolean', all(D, C), 'skip an optional buildpack that is for another platform', {
    env: 'SLIPWAY_STRICT_TARGETS',
    isOurs: true,
  }),
  row('system', 'file', from('≥0.15', D, C), 'path to system.toml', {
    env: 'CNB_SYSTEM_PATH',
    fallback: '/cnb/system.toml',
  }),
  row('tag', 'strings', all(A, C), 'additional tags', {}),
  row('target', 'string', all(A, C, Z), 'platform of the image to make: os/arch[/variant]', {
    env: 'SLIPWAY_TARGET',
    isOurs: true,
  }),
  row('uid', 'integer', all(A, R, X, E, C, Z), 'UID of user in the build and run images', {
    env: 'CNB_USER_ID',
    fallback: '0',
  }),
  row('verify-index', 'boolean', all(E, C), 'read unchanged layers too, and fail where one did change', {
    env: 'SLIPWAY_VERIFY_INDEX',
    isOurs: true,
  }),
  row('version', 'boolean', every(), 'show version', {}),
];

function row(name: OptionName, kind: OptionKind, flags: Flags, ...[help, rest]: readonly [string, Rest]): OptionRow {
  const programs: Partial<Record<Program, string>> = {};
  for (const [program, range] of flags)
    for (const each of program === 'every' ? ([A, D, R, X, B, E, C, Z] as const) : [program]) programs[each] = range;
  return { name, kind, flags: programs, help, ...rest };
}

/** Programs that take the flag at every Platform API, or `[program, range]`. */
function all(...programs: readonly (Program | readonly [Program, string])[]): Flags {
  return programs.map((program) => (typeof program === 'string' ? [program, 'all'] : program));
}

function from(range: string, ...programs: readonly Program[]): Flags {
  return programs.map((program) => [program, range]);
}

function every(): Flags {
  return [['every', 'all']];
}

import type { CommandSpec } from '../command-spec.ts';
import { BUILD_COMMAND } from './build.ts';
import { DISPLAY } from './shared.ts';

/** What only matters once there is an image. */
const IMAGE_ONLY: readonly string[] = [
  ...[
    'output',
    'publish',
    'report',
    'previous-image',
    'default-process',
    'compression',
    'launcher',
    'creation-time',
    'cache',
    'cache-dir',
  ],
  ...[
    'cache-image',
    'launch-cache',
    'clear-cache',
    'no-index',
    'verify-index',
    'memo',
    'layers-dir',
    'path',
    'on-error',
    'on-error-dir',
    'sbom-output-dir',
    'report-output-dir',
    'dry-run',
  ],
];

const DETECT_OPTIONS: CommandSpec['options'] = BUILD_COMMAND.options.filter(({ name }) => !IMAGE_ONLY.includes(name));

export const EXPLAIN_DETECT_COMMAND: CommandSpec = {
  name: 'explain detect',
  summary: 'run the detection of a build for every group, and print what each buildpack made of the app and why',
  usage: 'slipway explain detect APP --builder LOCATION',
  positionals: ['APP'],
  options: DETECT_OPTIONS,
  examples: [
    'slipway explain detect . --builder registry.example/acme/builder',
    'slipway explain detect shop.jar --builder registry.example/acme/builder --env BP_JVM_VERSION=21',
    'slipway explain detect . --buildpacks bps --run-image debian:12 --json',
  ],
};

export const EXPLAIN_TOPICS_COMMAND: CommandSpec = {
  name: 'explain',
  summary: 'list what slipway can explain',
  usage: 'slipway explain',
  positionals: [],
  options: DISPLAY,
  examples: ['slipway explain', 'slipway explain detect --help', 'slipway auth explain --help'],
};

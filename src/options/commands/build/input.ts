import { option, type CommandOption } from '../../command-spec.ts';

/** What goes into a build. */
export const BUILD_INPUT: readonly CommandOption[] = [
  option('path', 'string', 'Input', 'the app: a directory, a zip, jar, war or tar, or - for standard input', {
    value: 'PATH',
    fallback: '.',
    short: 'p',
  }),
  option('descriptor', 'string', 'Input', 'project.toml; default: the one in the app', { value: 'FILE', short: 'd' }),
  option('builder', 'string', 'Input', 'builder image: its buildpacks, order and run images', {
    value: 'LOCATION',
    short: 'B',
  }),
  option('buildpacks', 'string', 'Input', 'in its place: buildpacks as <id>/<version>/buildpack.toml', {
    value: 'DIR',
  }),
  option('run-image', 'string', 'Input', 'location of the run image, or scratch; default: the builder’s', {
    value: 'LOCATION',
    env: 'CNB_RUN_IMAGE',
  }),
  option('run-image-name', 'string', 'Input', 'name to record for a run image that is no registry image', {
    value: 'NAME',
    env: 'SLIPWAY_RUN_IMAGE_NAME',
  }),
  option('platform', 'string', 'Input', 'os/arch[/variant] of the image to make', {
    value: 'PLATFORM',
    env: 'SLIPWAY_TARGET',
  }),
  option('env', 'strings', 'Input', 'a variable for buildpacks; NAME alone takes it from here; repeat', {
    value: 'NAME[=VALUE]',
    short: 'e',
  }),
  option('env-file', 'strings', 'Input', 'a file of NAME=VALUE lines; repeat', { value: 'FILE' }),
  option('project-metadata', 'string', 'Input', 'project-metadata.toml', { value: 'FILE' }),
];

import { option, type CommandSpec } from '../command-spec.ts';
import { DISPLAY, REGISTRY } from './shared.ts';

export const BUILD_COMMAND: CommandSpec = {
  name: 'build',
  summary: 'build an image from an app directory with buildpacks, without a daemon',
  usage: 'slipway build IMAGE --builder LOCATION --output LOCATION…',
  positionals: ['IMAGE'],
  options: [
    option('path', 'string', 'Input', 'the app; it is copied, never written to', { value: 'DIR', fallback: '.' }),
    option('builder', 'string', 'Input', 'builder image: its buildpacks, order and run images', { value: 'LOCATION' }),
    option('buildpacks', 'string', 'Input', 'in its place: buildpacks as <id>/<version>/buildpack.toml', {
      value: 'DIR',
    }),
    option('order', 'string', 'Input', 'order.toml; default: the one in the buildpacks directory', { value: 'FILE' }),
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
    }),
    option('env-file', 'strings', 'Input', 'a file of NAME=VALUE lines; repeat', { value: 'FILE' }),
    option('project-metadata', 'string', 'Input', 'project-metadata.toml', { value: 'FILE' }),
    option('output', 'strings', 'Output', 'where the image goes; repeat: oci:DIR, docker-archive:FILE, a registry', {
      value: 'LOCATION',
    }),
    option('publish', 'boolean', 'Output', 'push to the registry that IMAGE names'),
    option('report', 'string', 'Output', 'write report.toml here', { value: 'FILE' }),
    option('previous-image', 'string', 'Output', 'image whose layers may be reused; default: the first output', {
      value: 'LOCATION',
    }),
    option('default-process', 'string', 'Output', 'process that the image starts', { value: 'TYPE' }),
    option('launcher', 'string', 'Output', 'auto, builder, shell, none or a path', { value: 'WORD', fallback: 'auto' }),
    option('uid', 'string', 'Output', 'owner of everything in the image; default: the builder’s user, else 1000', {
      value: 'NUMBER',
    }),
    option('gid', 'string', 'Output', 'group of everything in the image; default: the builder’s, else 1000', {
      value: 'NUMBER',
    }),
    option('creation-time', 'string', 'Output', 'time of the image: seconds since 1970, an ISO date, or now', {
      value: 'TIME',
      env: 'SOURCE_DATE_EPOCH',
    }),
    option('cache-dir', 'string', 'Build', 'cache of layers between builds', { value: 'DIR', env: 'CNB_CACHE_DIR' }),
    option('cache-image', 'string', 'Build', 'the same as an image: oci:DIR, a registry', {
      value: 'LOCATION',
      env: 'CNB_CACHE_IMAGE',
    }),
    option('launch-cache', 'string', 'Build', 'cache of the image’s own layers', {
      value: 'DIR',
      env: 'CNB_LAUNCH_CACHE_DIR',
    }),
    option('clear-cache', 'boolean', 'Build', 'use nothing of earlier builds'),
    option('sandbox', 'choice', 'Build', 'how buildpacks are isolated', {
      choices: ['auto', 'bubblewrap', 'unshare', 'crun', 'host'],
      fallback: 'auto',
      env: 'SLIPWAY_SANDBOX',
    }),
    option('network', 'choice', 'Build', 'whether buildpacks have a network', {
      choices: ['host', 'none'],
      fallback: 'host',
    }),
    option('exec-env', 'string', 'Build', 'execution environment', {
      value: 'NAME',
      env: 'CNB_EXEC_ENV',
      fallback: 'production',
    }),
    option('layers-dir', 'string', 'Build', 'keep the layers directory here', { value: 'DIR' }),
    ...REGISTRY,
    ...DISPLAY,
  ],
  examples: [
    'slipway build shop --builder registry.example/acme/builder --output docker-archive:shop.tar',
    'slipway build shop --buildpacks bps --run-image oci:run --output oci:out',
    'slipway build shop --buildpacks bps --run-image debian:12 --output docker-archive:shop.tar',
    'slipway build shop --buildpacks bps --run-image debian:12 --output docker-archive:- | docker load',
    'slipway build registry.example/acme/shop --buildpacks bps --run-image debian:12 --publish',
  ],
};

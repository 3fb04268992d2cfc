import { option, type CommandOption } from '../../command-spec.ts';

/** What a build makes. */
export const BUILD_OUTPUT: readonly CommandOption[] = [
  option('output', 'strings', 'Output', 'where the image goes; repeat: oci:DIR, docker-archive:FILE, a registry', {
    value: 'LOCATION',
  }),
  option('compression', 'string', 'Output', 'how new layers are compressed: gzip[:1-9], zstd[:1-19], none', {
    value: 'CODEC',
    fallback: 'gzip',
    env: 'SLIPWAY_COMPRESSION',
  }),
  option('publish', 'boolean', 'Output', 'push to the registry that IMAGE names'),
  option('report', 'string', 'Output', 'write report.toml here', { value: 'FILE' }),
  option('previous-image', 'string', 'Output', 'image whose layers may be reused; default: the first output', {
    value: 'LOCATION',
  }),
  option('default-process', 'string', 'Output', 'process that the image starts', {
    value: 'TYPE',
    short: 'D',
  }),
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
];

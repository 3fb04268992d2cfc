import { option, type CommandOption } from '../../command-spec.ts';

/** How a build runs. */
export const BUILD_RUN: readonly CommandOption[] = [
  option('cache-dir', 'string', 'Build', 'cache of layers between builds', { value: 'DIR', env: 'CNB_CACHE_DIR' }),
  option('cache-image', 'string', 'Build', 'the same as an image: oci:DIR, a registry', {
    value: 'LOCATION',
    env: 'CNB_CACHE_IMAGE',
  }),
  option('launch-cache', 'string', 'Build', 'cache of the image’s own layers', {
    value: 'DIR',
    env: 'CNB_LAUNCH_CACHE_DIR',
  }),
  option('memo', 'boolean', 'Build', 'take the image of an earlier build of the very same inputs, and run nothing', {
    env: 'SLIPWAY_MEMO',
  }),
  option('clear-cache', 'boolean', 'Build', 'use nothing of earlier builds'),
  option('no-index', 'boolean', 'Build', 'read every layer, also one that did not change', { env: 'SLIPWAY_NO_INDEX' }),
  option('verify-index', 'boolean', 'Build', 'read unchanged layers too; fail where one did change', {
    env: 'SLIPWAY_VERIFY_INDEX',
  }),
  option('sandbox', 'choice', 'Build', 'how buildpacks are isolated', {
    choices: ['auto', 'bubblewrap', 'unshare', 'crun', 'chroot', 'in-place', 'host'],
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
];

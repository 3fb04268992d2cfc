import { option, type CommandOption } from '../../command-spec.ts';

/** What buildpacks see besides the app, and what is kept besides the image. */
export const BUILD_DATA: readonly CommandOption[] = [
  option('volume', 'strings', 'Data', 'a file or directory, or a kept volume, that buildpacks see; ro or rw; repeat', {
    value: 'HOST:TARGET[:ro|rw]',
  }),
  option('binding', 'strings', 'Data', 'a service binding, at /platform/bindings/NAME; repeat', { value: 'NAME=DIR' }),
  option(
    'secret',
    'strings',
    'Data',
    'a file that buildpacks find at /run/secrets/NAME, kept out of image and log; repeat',
    {
      value: 'id=NAME,src=FILE|env=VARIABLE',
    },
  ),
  option('workspace', 'string', 'Data', 'where the app is for buildpacks and in the image; default: /workspace', {
    value: 'PATH',
    env: 'CNB_APP_DIR',
  }),
  option('sbom-output-dir', 'string', 'Data', 'copy the SBOM files to DIR/sbom', { value: 'DIR' }),
  option('report-output-dir', 'string', 'Data', 'write report.toml to DIR', { value: 'DIR' }),
  option(
    'cache',
    'strings',
    'Data',
    'where the build or launch cache is; default: kept by the name of the image; repeat',
    {
      value: 'SETTINGS',
    },
  ),
  option('tag', 'strings', 'Output', 'another name for the image, in registry, archive and layout; repeat', {
    value: 'NAME',
    short: 't',
  }),
  option('lifecycle-image', 'string', 'Output', 'image whose launcher is put into the image', { value: 'LOCATION' }),
  option('disable-system-buildpacks', 'boolean', 'Buildpacks', 'leave those of the builder’s system.toml out'),
  option('pull-policy', 'choice', 'Input', 'when names of images are looked up: each time; never comes later', {
    choices: ['always', 'if-not-present', 'never'],
    fallback: 'always',
  }),
];

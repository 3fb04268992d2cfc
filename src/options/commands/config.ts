import { option, type CommandOption, type CommandSpec } from '../command-spec.ts';
import { DISPLAY } from './shared.ts';

const UNSET: CommandOption = option('unset', 'boolean', 'Settings', 'remove it from our file');
const MIRROR: CommandOption = option('mirror', 'strings', 'Settings', 'where it is read from first; repeat', {
  value: 'LOCATION',
});

const SHOW: CommandSpec = {
  name: 'config show',
  summary: 'print the settings of our config.toml and of pack’s',
  usage: 'slipway config show [--origin] [--json]',
  positionals: [],
  options: [option('origin', 'boolean', 'Settings', 'and the file that each is from'), ...DISPLAY],
  examples: ['slipway config show', 'slipway config show --origin', 'PACK_HOME=/etc/pack slipway config show --json'],
};

const GET: CommandSpec = {
  name: 'config get',
  summary: 'print one setting; exit 1 when it is not set',
  usage: 'slipway config get KEY',
  positionals: ['KEY'],
  options: DISPLAY,
  examples: ['slipway config get default-builder-image', 'slipway config get registry-mirrors'],
};

const SET: CommandSpec = {
  name: 'config set',
  summary: 'set one setting in our config.toml',
  usage: 'slipway config set KEY VALUE',
  positionals: ['KEY', 'VALUE'],
  options: DISPLAY,
  examples: [
    'slipway config set default-builder-image registry.example/acme/builder',
    'slipway config set pull-policy if-not-present',
  ],
};

const REMOVE: CommandSpec = {
  name: 'config unset',
  summary: 'remove one setting from our config.toml',
  usage: 'slipway config unset KEY',
  positionals: ['KEY'],
  options: DISPLAY,
  examples: ['slipway config unset default-builder-image', 'slipway config unset registry-mirrors'],
};

/** A setting as a command of its own, as pack has them. */
function settingCommand(name: string, value: string, what: string, example: string): CommandSpec {
  return {
    name: `config ${name}`,
    summary: `print or set ${what}`,
    usage: `slipway config ${name} [${value}] [--unset]`,
    positionals: [`[${value}]`],
    options: [UNSET, ...DISPLAY],
    examples: [`slipway config ${name}`, `slipway config ${name} ${example}`, `slipway config ${name} --unset`],
  };
}

const RUN_IMAGE_MIRRORS: CommandSpec = {
  name: 'config run-image-mirrors',
  summary: 'list, add or remove places where you would rather have a run image from',
  usage: 'slipway config run-image-mirrors [list|add|remove] [IMAGE] [--mirror LOCATION…]',
  positionals: ['[list|add|remove]', '[IMAGE]'],
  options: [MIRROR, ...DISPLAY],
  examples: [
    'slipway config run-image-mirrors list',
    'slipway config run-image-mirrors add registry.example/run:1 --mirror mirror.example/run:1',
    'slipway config run-image-mirrors remove registry.example/run:1',
  ],
};

const REGISTRY_MIRRORS: CommandSpec = {
  name: 'config registry-mirrors',
  summary: 'list, add or remove hosts that images of a registry are read from first',
  usage: 'slipway config registry-mirrors [list|add|remove] [REGISTRY|*] [--mirror HOST]',
  positionals: ['[list|add|remove]', '[REGISTRY]'],
  options: [option('mirror', 'string', 'Settings', 'the host', { value: 'HOST[:PORT][/PATH]' }), ...DISPLAY],
  examples: [
    'slipway config registry-mirrors list',
    'slipway config registry-mirrors add index.docker.io --mirror mirror.example',
    "slipway config registry-mirrors add '*' --mirror mirror.example/proxy",
    'slipway config registry-mirrors remove index.docker.io',
  ],
};

const TRUSTED_BUILDERS: CommandSpec = {
  name: 'config trusted-builders',
  summary: 'list, add or remove builders that pack gives credentials to; no builder is given any here',
  usage: 'slipway config trusted-builders [list|add|remove] [NAME]',
  positionals: ['[list|add|remove]', '[NAME]'],
  options: DISPLAY,
  examples: [
    'slipway config trusted-builders list',
    'slipway config trusted-builders add registry.example/acme/builder',
    'slipway config trusted-builders remove registry.example/acme/builder',
  ],
};

export const CONFIG_COMMANDS: readonly CommandSpec[] = [
  SHOW,
  GET,
  SET,
  REMOVE,
  settingCommand(
    'default-builder',
    'LOCATION',
    'the builder of builds that name none',
    'registry.example/acme/builder',
  ),
  settingCommand('pull-policy', 'POLICY', 'when pack asks for images anew; kept for it', 'if-not-present'),
  settingCommand(
    'lifecycle-image',
    'LOCATION',
    'the image that launchers are taken from',
    'registry.example/lifecycle',
  ),
  settingCommand('experimental', 'true|false', 'pack’s switch, behind which nothing is here', 'true'),
  RUN_IMAGE_MIRRORS,
  REGISTRY_MIRRORS,
  TRUSTED_BUILDERS,
];

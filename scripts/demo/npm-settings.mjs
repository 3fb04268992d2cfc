// What this machine's npm needs to reach its registry, as `--env` arguments: buildpacks see neither the home directory nor variables.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const DEFAULT_REGISTRY = 'https://registry.npmjs.org/';

/** The files that these settings name, which an image needs too. */
export function npmFiles(settings = npmSettings()) {
  const values = settings.map((text) => text.slice(text.indexOf('=') + 1));
  return values.filter((value) => value.startsWith('/') && existsSync(value));
}

export function npmSettings() {
  const viaNode = process.env.npm_execpath?.endsWith('npm-cli.js') === true;
  const [command, ...before] = viaNode ? [process.execPath, process.env.npm_execpath] : ['npm'];
  const asked = spawnSync(command, [...before, 'config', 'list', '--json'], { encoding: 'utf8' });
  const config = asked.status === 0 ? JSON.parse(asked.stdout) : {};
  const settings = {
    NPM_CONFIG_REGISTRY: config.registry === DEFAULT_REGISTRY ? undefined : config.registry,
    NPM_CONFIG_CAFILE: config.cafile,
    NODE_EXTRA_CA_CERTS: process.env.NODE_EXTRA_CA_CERTS,
  };
  return Object.entries(settings)
    .filter(([, value]) => typeof value === 'string' && value !== '')
    .flatMap(([name, value]) => ['--env', `${name}=${value}`]);
}

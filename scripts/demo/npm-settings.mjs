// What this machine's npm needs to reach its registry: buildpacks see neither the home directory nor variables.
import { spawnSync } from 'node:child_process';

const DEFAULT_REGISTRY = 'https://registry.npmjs.org/';

/** `{registry, cafile, extraAuthorities}`: the last two are files; each only where it is not npm's default. */
export function npmConfig() {
  const viaNode = process.env.npm_execpath?.endsWith('npm-cli.js') === true;
  const [command, ...before] = viaNode ? [process.execPath, process.env.npm_execpath] : ['npm'];
  const asked = spawnSync(command, [...before, 'config', 'list', '--json'], { encoding: 'utf8' });
  const config = asked.status === 0 ? JSON.parse(asked.stdout) : {};
  const text = (value) => (typeof value === 'string' && value !== '' ? value : undefined);
  return {
    registry: config.registry === DEFAULT_REGISTRY ? undefined : text(config.registry),
    cafile: text(config.cafile),
    extraAuthorities: text(process.env.NODE_EXTRA_CA_CERTS),
  };
}

/** The same as `--env` arguments of a build. */
export function npmArguments({ registry, cafile, extraAuthorities }) {
  const variables = {
    NPM_CONFIG_REGISTRY: registry,
    NPM_CONFIG_CAFILE: cafile,
    NODE_EXTRA_CA_CERTS: extraAuthorities,
  };
  return Object.entries(variables).flatMap(([name, value]) =>
    value === undefined ? [] : ['--env', `${name}=${value}`],
  );
}

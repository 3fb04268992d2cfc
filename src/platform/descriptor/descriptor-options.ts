import { join, relative } from 'node:path';
import { servesExecEnv } from '../../cnb/exec-env.ts';
import type { ProjectModule } from '../../cnb/project.ts';
import { formatLocation, hasScheme, isStandardStream, parseLocation } from '../../oci/location.ts';
import type { BuildOptions } from '../build/options.ts';
import type { ModuleRequest, ModuleRequests } from '../modules/module-request.ts';
import { NO_MODULES } from '../modules/module-requests.ts';
import type { Descriptor } from './read-descriptor.ts';

/**
 * The options with what the descriptor says where they are silent (interfaces §5.3): what was asked for on the command line wins. Parts
 * for other execution environments are left out.
 */
export function withDescriptor<T extends BuildOptions>(options: T, descriptor: Descriptor): T {
  const execEnv = options.execEnv ?? 'production';
  const { project } = descriptor;
  const variables = project.env.filter((variable) => servesExecEnv(variable.execEnv, execEnv));
  const builder = builderOf(options, descriptor);
  const modules = modulesOf(options.modules ?? NO_MODULES, descriptor, execEnv);
  return {
    ...options,
    env: { ...Object.fromEntries(variables.map(({ name, value }) => [name, value])), ...options.env },
    ...(builder === undefined ? {} : { builder }),
    ...(modules === undefined ? {} : { modules }),
  };
}

/** A directory of buildpacks, and being inside of the builder, are in the place of any builder. */
function builderOf(
  { builder, buildpacks, sandbox, machine }: BuildOptions,
  descriptor: Descriptor,
): string | undefined {
  const named = descriptor.project.builder;
  if (builder !== undefined || buildpacks !== undefined || sandbox === 'in-place' || named === undefined)
    return builder;
  return fromDirectory(named, relative(machine.cwd, descriptor.base));
}

/** A location whose path counts from a directory. */
function fromDirectory(text: string, directory: string): string {
  if (!hasScheme(text)) return text;
  const location = parseLocation(text);
  const rebased = (path: string): string => (path.startsWith('/') ? path : join(directory, path));
  if (location.kind === 'oci') return formatLocation({ ...location, dir: rebased(location.dir) });
  if ('file' in location && !isStandardStream(location))
    return formatLocation({ ...location, file: rebased(location.file) });
  return text;
}

/** Buildpacks of the command line replace all of the descriptor's; those put before or behind replace those of their kind (pack's rule). */
function modulesOf(asked: ModuleRequests, descriptor: Descriptor, execEnv: string): ModuleRequests | undefined {
  const { project, base } = descriptor;
  if (asked.group.length > 0) return undefined;
  const requests = (modules: readonly ProjectModule[]): readonly ModuleRequest[] =>
    modules.filter((module) => servesExecEnv(module.execEnv, execEnv)).map((module) => requestOf(module, base));
  const pick = (own: readonly ModuleRequest[], other: readonly ProjectModule[]): readonly ModuleRequest[] =>
    own.length > 0 ? own : requests(other);
  const modules = {
    ...asked,
    group: requests(project.group),
    pre: pick(asked.pre, project.pre),
    post: pick(asked.post, project.post),
  };
  return [modules.group, modules.pre, modules.post].every((list) => list.length === 0) ? undefined : modules;
}

function requestOf(module: ProjectModule, base: string): ModuleRequest {
  switch (module.kind) {
    case 'inline': {
      const { kind, id, version, api, shell, script } = module;
      return { kind, id, version, api, shell, script };
    }
    case 'uri':
      return { kind: 'locator', text: module.uri, base };
    case 'id':
      return {
        kind: 'locator',
        text: module.version === undefined ? module.id : `${module.id}@${module.version}`,
        base,
      };
  }
}

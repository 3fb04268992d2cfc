import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeToml, struct } from '../../cnb/files/toml-write.ts';
import type { Context } from '../../core/context.ts';
import type { GivenModules } from './given-modules.ts';
import type { ModuleRequest } from './module-request.ts';
import { freshModuleDirectory, readModuleIn } from './open-directory.ts';

type InlineRequest = ModuleRequest & { readonly kind: 'inline' };

/** The version of a script that says none (pack's). */
const VERSION = '0.0.0';

/** A buildpack made of a script (project descriptor, `[io.buildpacks.group.script]`): it always takes part, and runs the script to build. */
export async function openInlineModule(request: InlineRequest, ctx: Context): Promise<GivenModules> {
  const directory = await freshModuleDirectory(ctx);
  await mkdir(join(directory, 'bin'));
  for (const [path, text] of Object.entries(inlineFiles(request))) {
    await writeFile(join(directory, path), text);
    await chmod(join(directory, path), path.startsWith('bin/') ? 0o755 : 0o644);
  }
  await chmod(join(directory, 'bin'), 0o755);
  const main = await readModuleIn(directory, 'buildpack', { shown: `the script of ${request.id}` });
  return { main, modules: [main] };
}

/** Its files, by path: the same request gives the same bytes. */
function inlineFiles({ id, version, api, shell, script }: InlineRequest): Readonly<Record<string, string>> {
  const interpreter = shell === '' ? '/bin/sh' : shell;
  const descriptor = struct([
    ['api', api],
    [
      'buildpack',
      struct([
        ['id', id],
        ['version', version === '' ? VERSION : version],
      ]),
    ],
  ]);
  return {
    'buildpack.toml': encodeToml(descriptor),
    'bin/detect': `#!${interpreter}\n\nexit 0\n`,
    'bin/build': `#!${interpreter}\n\n${script}\n`,
  };
}

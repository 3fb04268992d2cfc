import { join } from 'node:path';
import { checkBuildDockerfile, checkRunDockerfile, type CheckedDockerfile } from '../../cnb/extension-dockerfile.ts';
import type { PlatformFeatures } from '../../cnb/features.ts';
import { decodeExtendConfig } from '../../cnb/files/extend-config.ts';
import type { Context } from '../../core/context.ts';
import { retold, SlipwayError } from '../../core/errors.ts';
import { pathKind } from '../../core/path-kind.ts';
import { readIfPresent } from '../../workspace/read-file.ts';

/** What an extension wrote. */
export interface ExtensionOutput {
  readonly id: string;
  /** Absolute. */
  readonly directory: string;
  readonly build: CheckedDockerfile | undefined;
  readonly run: CheckedDockerfile | undefined;
  readonly hasConfig: boolean;
}

interface OutputPlace {
  readonly id: string;
  readonly directory: string;
  readonly features: PlatformFeatures;
}

/** Reads and checks the files of an extension (contract §8.3 to §8.5). Throws `FILE_INVALID`, `BUILDPACK_INVALID` naming it. */
export async function readOutput(place: OutputPlace, ctx: Context): Promise<ExtensionOutput> {
  const { id, directory } = place;
  const config = join(directory, 'extend-config.toml');
  const configBytes = await readIfPresent(config, { prefix: '' }, { within: directory });
  if (configBytes !== undefined) naming(place, '', () => decodeExtendConfig(configBytes, config));
  const run = await readDockerfile('run', checkRunDockerfile, place, ctx);
  const build = await readDockerfile('build', checkBuildDockerfile, place, ctx);
  if (place.features.hasContextDirs) await checkContexts(place, ctx);
  return { id, directory, build, run, hasConfig: configBytes !== undefined };
}

async function readDockerfile(
  kind: 'build' | 'run',
  check: (text: string) => CheckedDockerfile,
  place: OutputPlace,
  ctx: Context,
): Promise<CheckedDockerfile | undefined> {
  const { id, directory } = place;
  const name = `${kind}.Dockerfile`;
  const bytes = await readIfPresent(join(directory, name), { prefix: '' }, { within: directory });
  if (bytes === undefined) return undefined;
  log(ctx, 'debug', `Found ${name} for processing`);
  const checked = naming(place, `failed to parse ${name} for extension ${id}: `, () =>
    check(new TextDecoder().decode(bytes)),
  );
  for (const warning of checked.warnings) log(ctx, 'warn', warning);
  return checked;
}

/** One context for both images, or one for each. */
async function checkContexts(place: OutputPlace, ctx: Context): Promise<void> {
  const names = ['context', 'context.build', 'context.run'];
  const kinds = await Promise.all(names.map((name) => pathKind(join(place.directory, name))));
  const found = names.filter((_, at) => kinds[at] === 'directory');
  log(ctx, 'debug', `Found '${String(found.length)}' Build Contexts for processing`);
  if (found.length < 2 || found[0] !== 'context') return;
  naming(place, '', () => {
    throw new SlipwayError(
      'BUILDPACK_INVALID',
      'image-specific context dir is provided together with a shared context',
      { details: { found: found.join(', ') }, hint: 'the extension has to write either context or the other two' },
    );
  });
}

function naming<T>({ id }: OutputPlace, prefix: string, task: () => T): T {
  try {
    return task();
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    throw retold(error, { message: `${prefix}${error.message}`, details: { extension: id } });
  }
}

function log(ctx: Context, level: 'debug' | 'warn', message: string): void {
  ctx.emit({ type: 'log', level, message });
}

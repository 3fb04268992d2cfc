import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TargetMetadata } from '../cnb/analyzed.ts';
import type { Env } from '../cnb/env.ts';
import type { PlatformFeatures } from '../cnb/features.ts';
import { escapeId, moduleName, type GroupElement } from '../cnb/module.ts';
import type { Plan } from '../cnb/plan.ts';
import type { Context } from '../core/context.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { ModuleFinder } from '../workspace/buildpacks.ts';
import { requiresFor, withoutMet } from './build/plan-filter.ts';
import type { BuildDirs, DirPair } from './build-dirs.ts';
import { fullTarget, inheritEnvironment } from './buildpack-environment.ts';
import { chooseBase, type NewBase } from './generate/choose-base.ts';
import { keepByKind, setAside } from './generate/keep-output.ts';
import { readOutput, type ExtensionOutput } from './generate/read-output.ts';
import { runGenerate } from './generate/run-generate.ts';
import { ownedDirectory, scratchDirectory } from './shared-directory.ts';
import { withTimer } from './timer.ts';

export interface GenerateInput {
  /** With `extensions`. */
  readonly dirs: BuildDirs;
  /** `<generated>`. */
  readonly generated: DirPair;
  readonly group: readonly GroupElement[];
  readonly plan: Plan;
  readonly target: TargetMetadata | undefined;
  readonly inheritedEnv: Env;
  readonly features: PlatformFeatures;
  readonly osRelease: string | undefined;
  readonly hostArchitecture: string;
  /** Default `host`. */
  readonly network?: 'host' | 'none';
}

export interface GeneratePorts {
  readonly sandbox: Sandbox;
  readonly extensions: ModuleFinder;
}

export interface GenerateOutput {
  /** Without what the extensions provide. */
  readonly plan: Plan;
  /** The run image that is named instead. */
  readonly newBase?: NewBase;
  /** Whether the run image is to be extended. */
  readonly extend: boolean;
  /** Dockerfiles that extend the build or the run image, in turn. */
  readonly extending: readonly { readonly extension: string; readonly dockerfile: string }[];
}

/**
 * Lets each extension of the group write its Dockerfiles, checks them, and says what becomes of the run image (contract §8). Throws
 * `EXTENSION_FAILED` (exit 91), or what is wrong with an extension's files.
 */
export async function generate(input: GenerateInput, ports: GeneratePorts, ctx: Context): Promise<GenerateOutput> {
  const extensions = input.group.filter(({ kind }) => kind === 'extension');
  return withTimer('Generator', ctx, async () => {
    const { owner } = input.dirs.layers;
    const isByKind = !input.features.hasContextDirs;
    const out = isByKind ? await scratch(input, ctx) : input.generated;
    try {
      if (!isByKind) await ownedDirectory(out.real, owner);
      const { outputs, plan } = await runAll(extensions, { ...input, out }, ports, ctx);
      debug(ctx, 'Checking run image');
      const { newBase, extend, ignored } = chooseBase(outputs);
      if (newBase !== undefined)
        debug(ctx, `Found a run.Dockerfile from extension '${newBase.id}' setting run image to '${newBase.image}' `);
      if (isByKind) debug(ctx, 'Copying Dockerfiles');
      for (const output of outputs) {
        const isIgnored = ignored.includes(output.id);
        if (isByKind) await keepByKind(output, { to: input.generated.real, isIgnored });
        else if (isIgnored) await setAside(output);
      }
      return { plan, extend, extending: extendingOf(outputs, ignored), ...(newBase === undefined ? {} : { newBase }) };
    } finally {
      if (isByKind) await rm(out.real, { recursive: true, force: true });
    }
  });
}

function extendingOf(outputs: readonly ExtensionOutput[], ignored: readonly string[]): GenerateOutput['extending'] {
  return outputs.flatMap(({ id, build, run }) => [
    ...(build?.extends === true ? [{ extension: id, dockerfile: 'build.Dockerfile' }] : []),
    ...(run?.extends === true && !ignored.includes(id) ? [{ extension: id, dockerfile: 'run.Dockerfile' }] : []),
  ]);
}

async function scratch(input: GenerateInput, ctx: Context): Promise<DirPair> {
  return { real: await scratchDirectory('generated', input.dirs.layers.owner, ctx), logical: '/tmp/generated' };
}

interface Generated {
  readonly outputs: readonly ExtensionOutput[];
  readonly plan: Plan;
}

/** In the order of the group; what one provides is not asked of the next. */
async function runAll(
  extensions: readonly GroupElement[],
  input: GenerateInput & { readonly out: DirPair },
  ports: GeneratePorts,
  ctx: Context,
): Promise<Generated> {
  const setting = {
    dirs: input.dirs,
    out: input.out,
    sandbox: ports.sandbox,
    target: fullTarget(input, ctx),
    env: inheritEnvironment(input.inheritedEnv),
    network: input.network ?? 'host',
  } as const;
  const outputs: ExtensionOutput[] = [];
  let { plan } = input;
  for (const element of extensions) {
    const name = moduleName(element);
    debug(ctx, `Running generate for extension ${name}`);
    debug(ctx, 'Looking up extension');
    const module = await ports.extensions.find(element.id, element.version);
    debug(ctx, 'Finding plan');
    const requires = requiresFor(module, plan);
    await runGenerate({ module, requires }, setting, ctx);
    debug(ctx, 'Reading output files');
    const directory = join(input.out.real, escapeId(module.id));
    const output = await readOutput({ id: module.id, directory, features: input.features }, ctx);
    outputs.push(output);
    plan = withoutMet(plan, requires, [], module);
    debug(ctx, `Finished running generate for extension ${name}`);
  }
  return { outputs, plan };
}

function debug(ctx: Context, message: string): void {
  ctx.emit({ type: 'log', level: 'debug', message });
}

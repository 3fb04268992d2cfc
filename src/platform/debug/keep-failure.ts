import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Context } from '../../core/context.ts';
import { isSystem, retold, SlipwayError } from '../../core/errors.ts';
import { keepFor, lockOf, takeLease } from '../../core/lease.ts';
import { withLock } from '../../core/lock-directory.ts';
import { makeDirectory } from '../../core/make-directory.ts';
import { removeTree } from '../../layer/remove-tree.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import type { Builder } from '../build/builder.ts';
import type { LimitOptions } from '../build/limits.ts';
import { ownDirectory } from '../build/fixed-base.ts';
import type { Machine } from '../machine.ts';
import { enterStep } from './enter-step.ts';
import { failedStep } from './failed-step.ts';
import type { DebugOptions } from './options.ts';
import { keptRoot } from './kept-root.ts';
import { keepStep } from './keep-step.ts';
import { watchSteps, type WatchedSandbox, type WatchedStep } from './watch-steps.ts';

/** What a build does differently so that it can be kept when a buildpack fails. */
export interface Keeper {
  /** Its temporary directory is the one that is kept. */
  readonly ctx: Context;
  /** Remembers what runs in the sandbox, and keeps the builder from being removed meanwhile. */
  readonly watch: (sandbox: Sandbox, builder: Builder | undefined) => Promise<Sandbox>;
  /** In the place of a removal. */
  readonly release: (tree: string, ctx: Context) => Promise<void>;
}

type KeepOptions = DebugOptions & LimitOptions & { readonly image: string; readonly machine: Machine };

/**
 * Runs a build. Where a buildpack fails, and `onError` says so, its directories stay, with all that is needed to run the step again in
 * the same sandbox (`slipway debug`): until they are removed, or until the shell there has ended. The error is the build's own, with
 * the directory among its details.
 */
export async function withFailureKept<T>(
  options: KeepOptions,
  ctx: Context,
  task: (keeper: Keeper) => Promise<T>,
): Promise<T> {
  const { onError = 'cleanup' } = options;
  if (onError === 'cleanup') return task({ ctx, watch: (sandbox) => Promise.resolve(sandbox), release: removeTree });
  const directory = await makeDirectoryFor(options, ctx);
  await using lease = await withLock(lockOf(directory), ctx, () => takeLease(directory));
  const trees: string[] = [];
  let watched: WatchedSandbox | undefined;
  let builder: Builder | undefined;
  let isKept = false;
  try {
    return await task({
      ctx: { ...ctx, tmp: directory },
      watch: async (sandbox, found) => {
        builder = found;
        if (found?.image !== undefined) await keepFor(dirname(found.root), directory, ctx);
        watched = watchSteps(sandbox, { directory, tmp: ctx.tmp }, ctx);
        return watched.sandbox;
      },
      release: (tree) => {
        trees.push(tree);
        return Promise.resolve();
      },
    });
  } catch (error) {
    const step =
      error instanceof SlipwayError && !ctx.signal.aborted ? failedStep(watched?.steps ?? [], error.exit) : undefined;
    if (watched === undefined || step === undefined || !(error instanceof SlipwayError)) throw error;
    await keepStep(
      {
        step,
        watched,
        directory,
        builder,
        image: options.image,
        limits: options.commandLimits,
        machine: options.machine,
      },
      ctx,
    );
    if (onError === 'shell' && options.machine.isTerminal === true) {
      await openShell(directory, step, error, { machine: options.machine, ctx });
      throw error;
    }
    if (onError === 'shell')
      ctx.emit({
        type: 'warning',
        code: 'NO_TERMINAL',
        message: 'there is no terminal for a shell: what the build left is kept instead',
      });
    isKept = true;
    throw retold(error, {
      details: { kept: directory, enter: `${join(directory, 'enter.sh')}   (--run: the failed step again)` },
    });
  } finally {
    if (!isKept) for (const tree of [...trees, directory]) await removeTree(tree, ctx);
    await lease.release();
  }
}

async function openShell(
  directory: string,
  { step }: WatchedStep,
  error: SlipwayError,
  { machine, ctx }: { readonly machine: Machine; readonly ctx: Context },
): Promise<void> {
  ctx.emit({ type: 'shell.start', ...step, reason: error.message, directory });
  const exitCode = await enterStep(directory, { kind: 'shell' }, machine, ctx);
  ctx.emit({ type: 'shell.end', exitCode });
}

/** A new directory of this user's own: `shop-20261123T151432Z`, with a number where that is taken. */
async function makeDirectoryFor({ image, machine, onErrorDir }: KeepOptions, ctx: Context): Promise<string> {
  const root = onErrorDir === undefined ? keptRoot(machine) : resolve(machine.cwd, onErrorDir);
  // A place that others can guess must be this user's alone.
  if (onErrorDir === undefined && machine.uid === 0) await ownDirectory(root, machine);
  else await makeDirectory(root);
  const time = ctx.clock
    .now()
    .toISOString()
    .replace(/[-:]|\.\d+/g, '');
  const name = `${
    image
      .split('/')
      .at(-1)
      ?.replace(/[^A-Za-z0-9._-]/g, '-') ?? 'build'
  }-${time}`;
  for (let count = 1; ; count += 1) {
    const directory = join(root, count === 1 ? name : `${name}-${String(count)}`);
    try {
      await mkdir(directory, { mode: 0o700 });
      return directory;
    } catch (error) {
      if (!isSystem(error, 'EEXIST')) throw error;
    }
  }
}

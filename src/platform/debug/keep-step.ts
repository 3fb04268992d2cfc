import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../../core/context.ts';
import { keepFor } from '../../core/lease.ts';
import { pathKind } from '../../core/path-kind.ts';
import { failureOf, type Mount } from '../../sandbox/sandbox.ts';
import { displayLocation } from '../../oci/location.ts';
import type { BuildLimits } from '../../options/commands/build/limits.ts';
import type { Builder } from '../build/builder.ts';
import { cacheRoot } from '../cache-root.ts';
import type { Machine } from '../machine.ts';
import { credentialVariables, withoutCredentials } from './credentials-in-env.ts';
import { enterScript } from './enter-script.ts';
import { failureText } from './failure-text.ts';
import type { KeptStep } from './kept-step.ts';
import { writeStep } from './step-codec.ts';
import type { WatchedSandbox, WatchedStep } from './watch-steps.ts';

export interface KeepRequest {
  readonly step: WatchedStep;
  readonly watched: WatchedSandbox;
  readonly directory: string;
  readonly builder: Builder | undefined;
  readonly image: string;
  readonly limits: BuildLimits | undefined;
  readonly machine: Machine;
}

/** Writes down a failed step beside what it left. */
export async function keepStep(
  { step, watched, directory, builder, image, limits, machine }: KeepRequest,
  ctx: Context,
): Promise<void> {
  await watched.restore(step);
  await keepUnpacked(step, { directory, machine }, ctx);
  const { root, argv, cwd, env, mounts, user, network } = step.request;
  const variables = credentialVariables(env);
  const present = await Promise.all(mounts.map(({ source }) => pathKind(source)));
  const there = (_: Mount, index: number): boolean => present[index] !== undefined;
  const kept: KeptStep = {
    step: step.step,
    image,
    time: ctx.clock.now().toISOString(),
    directory,
    uid: machine.uid,
    sandbox: watched.sandbox.name,
    mapsPaths: watched.sandbox.mapsPaths,
    failure: failureOf(step.exit) ?? 'exit status 0, and what it left cannot be used',
    request: {
      root,
      argv,
      cwd,
      env: Object.fromEntries(Object.entries(env).filter(([name]) => !variables.includes(name))),
      mounts: mounts.filter(there),
      network,
      ...(user === undefined ? {} : { user: { uid: user.uid, gid: user.gid } }),
    },
    ...(limits === undefined ? {} : { limits }),
    ...(builder?.image === undefined ? {} : { builder: displayLocation(builder.image.pinned) }),
    leftOut: {
      variables,
      mounts: mounts.filter((mount, index) => !there(mount, index)).map(({ target }) => target),
    },
  };
  await writeStep(kept);
  await writeFile(join(directory, 'failure.txt'), failureText(kept, withoutCredentials(step.output, env)), {
    mode: 0o600,
  });
  const about = `The sandbox of bin/${step.step.phase} of ${step.step.module}, which failed in a build of ${image}.`;
  await writeFile(join(directory, 'enter.sh'), enterScript(machine.program ?? [], about), { mode: 0o700 });
}

/** Unpacked images that the step ran in, or had buildpacks of, stay as long as the directory does. */
async function keepUnpacked(
  { request: { root, mounts } }: WatchedStep,
  { directory, machine }: Pick<KeepRequest, 'directory' | 'machine'>,
  ctx: Context,
): Promise<void> {
  const store = `${join(cacheRoot(machine), 'rootfs')}/`;
  const paths = [...mounts.map(({ source }) => source), ...(root.kind === 'directory' ? [root.path] : [])];
  const entries = paths.flatMap((path) =>
    path.startsWith(store) ? [path.slice(store.length).split('/')[0] ?? ''] : [],
  );
  for (const entry of new Set(entries)) await keepFor(join(store, entry), directory, ctx);
}

import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Context } from '../../core/context.ts';
import { pathKind } from '../../core/path-kind.ts';
import { removeTree } from '../../layer/remove-tree.ts';
import { isWithinPath } from '../../options/build/path-within.ts';
import { giveTree } from '../../phases/shared-directory.ts';
import type { Mount, Sandbox, SandboxExit, SandboxRequest, SandboxStep } from '../../sandbox/sandbox.ts';
import { copyTree } from '../../workspace/copy-tree.ts';

/** One command that ran in a watched sandbox. */
export interface WatchedStep {
  readonly step: SandboxStep;
  readonly request: SandboxRequest;
  readonly exit: SandboxExit;
  /** The end of its output. */
  readonly output: string;
  /** Copies of its scratch directories, which phases remove: by the path that they are to be put back to. */
  readonly saved: ReadonlyMap<string, string>;
}

/** What ran in a sandbox, remembered until the build has ended. */
export interface WatchedSandbox {
  readonly sandbox: Sandbox;
  /** In the order in which they ended. */
  readonly steps: readonly WatchedStep[];
  /** Puts the scratch directories of one step back. */
  readonly restore: (step: WatchedStep) => Promise<void>;
}

export interface WatchOptions {
  /** The directory that is kept: scratch directories lie in it. */
  readonly directory: string;
  /** The command's own temporary directory: what a sandbox needs for itself goes there, and with it. */
  readonly tmp: string;
}

/** A sandbox whose last steps can be run again, as what they were given is remembered. */
export function watchSteps(sandbox: Sandbox, { directory, tmp }: WatchOptions, ctx: Context): WatchedSandbox {
  const steps: WatchedStep[] = [];
  let count = 0;
  const run: Sandbox['run'] = async (request, inner) => {
    const own = { ...inner, tmp };
    if (request.step === undefined) return sandbox.run(request, own);
    const tail = new Tail();
    const onOutput: SandboxRequest['onOutput'] = (stream, bytes) => {
      tail.push(bytes);
      request.onOutput(stream, bytes);
    };
    const exit = await sandbox.run({ ...request, onOutput }, own);
    const saved = new Map<string, string>();
    for (const { source } of request.mounts.filter((mount) => isScratch(mount, directory))) {
      count += 1;
      const copy = join(directory, 'steps', String(count));
      await mkdir(copy, { recursive: true });
      await copyTree(source, copy, ctx);
      saved.set(source, copy);
    }
    steps.push({ step: request.step, request, exit, output: tail.text(), saved });
    return exit;
  };
  return { sandbox: { ...sandbox, run }, steps, restore: (step) => restore(step, directory, ctx) };
}

/** Written to by one program only: not the app, not the layers. */
function isScratch({ source, writable }: Mount, directory: string): boolean {
  return writable && isWithinPath(source, directory) && !isWithinPath(source, join(directory, 'work'));
}

async function restore({ saved, request }: WatchedStep, directory: string, ctx: Context): Promise<void> {
  for (const [source, copy] of saved) {
    if ((await pathKind(source)) !== undefined) continue;
    await mkdir(dirname(source), { recursive: true });
    await rename(copy, source);
    if (request.user !== undefined) await giveTree(source, request.user);
  }
  await removeTree(join(directory, 'steps'), ctx);
}

const TAIL_BYTES = 64 * 1024;

/** The end of a stream of bytes. */
class Tail {
  #parts: Uint8Array[] = [];
  #size = 0;

  push(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#size += bytes.byteLength;
    if (this.#size < 2 * TAIL_BYTES) return;
    const end = Buffer.concat(this.#parts).subarray(-TAIL_BYTES);
    this.#parts = [end];
    this.#size = end.byteLength;
  }

  text(): string {
    return Buffer.concat(this.#parts).subarray(-TAIL_BYTES).toString('utf8');
  }
}

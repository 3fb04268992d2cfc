import type { Env } from '../cnb/env.ts';
import type { Context } from '../core/context.ts';
import type { Mount, Sandbox, SandboxExit, SandboxStep } from '../sandbox/sandbox.ts';
import type { BuildDirs } from './build-dirs.ts';
import { commonMounts, seenPath } from './buildpack-view.ts';
import { splitLines } from './output-lines.ts';

/** One program of a module. */
export interface ProgramRequest {
  /** Whose output it is. */
  readonly source: string;
  readonly phase: SandboxStep['phase'];
  readonly argv: readonly [string, ...string[]];
  readonly env: Env;
  /** Besides what every module sees. */
  readonly mounts: readonly Mount[];
}

export interface ProgramSetting {
  readonly dirs: BuildDirs;
  readonly sandbox: Sandbox;
  readonly network: 'host' | 'none';
}

export interface ProgramEnd {
  readonly exit: SandboxExit;
  /** The last line of its output that is not blank. */
  readonly lastLine: string;
}

/** Runs a program with the app as its directory; its output becomes `output` events, one a line, of both streams. */
export async function runProgram(request: ProgramRequest, setting: ProgramSetting, ctx: Context): Promise<ProgramEnd> {
  const { dirs, sandbox, network } = setting;
  const { source, phase, argv, env } = request;
  let lastLine = '';
  const lines = splitLines((stream, line) => {
    if (line.trim() !== '') lastLine = line.trim();
    ctx.emit({ type: 'output', source, stream, line });
  });
  const exit = await sandbox.run(
    {
      root: dirs.root ?? { kind: 'host' },
      argv,
      cwd: seenPath(dirs.app, sandbox),
      env,
      mounts: [...(await commonMounts(dirs)), ...request.mounts],
      user: dirs.layers.owner,
      network,
      joinsOutput: true,
      step: { phase, module: source },
      onOutput: lines.push,
    },
    ctx,
  );
  lines.end();
  return { exit, lastLine };
}

import { accessSync, constants, writeSync } from 'node:fs';
import { checkBuildpackApi, checkPlatformApi, NO_DEPRECATIONS, parseDeprecationMode } from '../cnb/deprecations.ts';
import { buildpackFeatures, platformFeatures } from '../cnb/features.ts';
import { decodeMetadata } from '../cnb/files/metadata.ts';
import { retold, SlipwayError } from '../core/errors.ts';
import type { LogLevel } from '../core/events.ts';
import { shellCommand } from '../launcher/shell-command.ts';
import { shellLauncher } from '../launcher/shell-launcher.ts';
import { parseGoBoolean } from '../options/go-values.ts';
import { createLifecycleRenderer } from '../term/lifecycle-renderer.ts';
import { decodeWith, readRequired } from '../workspace/read-file.ts';
import { becomeShell } from './become-shell.ts';

/**
 * The launcher as a program of the package (contract §16), called as `path`: makes the shell launcher for the image it is in and
 * becomes it. Returns an exit code only where it could not, or where the shell is a child.
 */
export async function runLauncher(path: string, args: readonly string[]): Promise<number> {
  const { env } = process;
  const renderer = createLifecycleRenderer({
    write: (text) => void writeSync(1, text),
    level: 'info',
    color: parseGoBoolean(env['CNB_NO_COLOR'] ?? '') !== true,
    headers: false,
    stacks: (env['SLIPWAY_DEBUG'] ?? '0') !== '0',
  });
  try {
    const program = await makeProgram(env, (level, message) => {
      renderer.emit({ type: 'log', level, message });
    });
    return await becomeShell(shellCommand(program, path, args));
  } catch (error) {
    const exitCode = error instanceof SlipwayError ? (error.exit ?? 82) : 82;
    renderer.fail({ error, exitCode });
    return exitCode;
  }
}

async function makeProgram(env: NodeJS.ProcessEnv, log: (level: LogLevel, message: string) => void): Promise<string> {
  const features = platformFeatures(env['CNB_PLATFORM_API']);
  const deprecations = { ...NO_DEPRECATIONS, mode: parseDeprecationMode(env['CNB_DEPRECATION_MODE']) };
  checkPlatformApi(features.api, deprecations, log);
  const layers = env['CNB_LAYERS_DIR'] ?? '';
  const file = `${layers === '' ? '/layers' : layers.replace(/\/$/, '')}/config/metadata.toml`;
  const wording = { prefix: 'failed to read metadata: ', exit: 1 };
  const bytes = await readRequired(file, wording);
  const metadata = decodeWith(wording, () => decodeMetadata(bytes, file));
  for (const { id, version, api } of metadata.buildpacks) {
    buildpackFeatures(api, `buildpack '${id}'`);
    checkBuildpackApi({ kind: 'buildpack', id, version, api }, deprecations, log);
  }
  assertShell();
  try {
    return Buffer.from(shellLauncher(metadata, features)).toString();
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    throw retold(error, { message: `failed to launch: ${error.message}`, exit: 82 });
  }
}

function assertShell(): void {
  try {
    accessSync('/bin/sh', constants.X_OK);
  } catch (error) {
    throw new SlipwayError('LAUNCHER_UNUSABLE', 'failed to launch: there is no /bin/sh here that can be run', {
      cause: error,
      exit: 82,
    });
  }
}

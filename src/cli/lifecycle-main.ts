import { existsSync } from 'node:fs';
import { platformFeatures, type PlatformFeatures } from '../cnb/features.ts';
import type { LogLevel } from '../core/events.ts';
import { SlipwayError } from '../core/errors.ts';
import { createKeychain } from '../keychain/keychain.ts';
import { namesStandardStream } from '../oci/location.ts';
import { parseGoBoolean } from '../options/go-values.ts';
import { parseGoFlags } from '../options/go-flags.ts';
import { parseLogLevel } from '../options/log-level.ts';
import { flagSpecs, OptionValues } from '../options/option-values.ts';
import { checkPositionals, flagLikeWarnings } from '../options/positionals.ts';
import { stage } from '../platform/stage.ts';
import { createLifecycleRenderer } from '../term/lifecycle-renderer.ts';
import type { Renderer } from '../term/renderer.ts';
import { runCommand } from './command-context.ts';
import { chooseProgram } from './lifecycle-programs.ts';
import { versionText } from './product.ts';
import { streamTerminal } from './stream-terminal.ts';
import { thisMachine } from './this-machine.ts';

/** A program of the lifecycle, by the name it was called by; the order of steps is contract §1.2's. Returns the exit code. */
export async function runLifecycle(name: string, argv: readonly string[]): Promise<number> {
  const terminal = streamTerminal({ noColor: false });
  const { env } = process;
  if (name === 'lifecycle' && (argv[0] === '-version' || argv[0] === '--version')) {
    terminal.out(`${versionText()}\n`);
    return 0;
  }
  const noColorByEnv = parseGoBoolean(env['CNB_NO_COLOR'] ?? '') ?? false;
  // Before the flags are read it may be any of them; an archive's reader must not be given messages.
  const earlyWrite = argv.some((word) => namesStandardStream(word.replace(/^--?tag=/, '')))
    ? terminal.err
    : terminal.out;
  const early = renderer({ write: earlyWrite, level: 'info', color: !noColorByEnv, headers: false });
  let features: PlatformFeatures;
  let chosen: ReturnType<typeof chooseProgram>;
  try {
    if (name === 'lifecycle' && argv.length === 0)
      throw new SlipwayError('ARGUMENT_INVALID', 'failed to parse arguments: no phase was named');
    features = platformFeatures(env['CNB_PLATFORM_API']);
    chosen = chooseProgram(name, argv);
  } catch (error) {
    return failEarly(early, error);
  }
  const { program, args } = chosen;
  const flags = parseGoFlags(flagSpecs(program, features.api), args);
  if (flags.kind !== 'parsed') {
    terminal.err(flags.kind === 'error' ? `${flags.message}\n${flags.usage}` : flags.usage);
    return flags.kind === 'error' ? 2 : 0;
  }
  const cwd = process.cwd();
  const values = new OptionValues({
    program,
    api: features.api,
    env,
    cwd,
    flags: flags.parsed,
    exists: existsSync,
  });
  if (values.boolean('version')) {
    terminal.out(`${versionText()}\n`);
    return 0;
  }
  const outputs = [...values.positionals, ...values.list('tag')];
  const write = outputs.some(namesStandardStream) ? terminal.err : terminal.out;
  const color = !values.boolean('no-color');
  let level: LogLevel;
  try {
    level = parseLogLevel(values.required('log-level'));
  } catch (error) {
    return failEarly(renderer({ write, level: 'info', color, headers: false }), error);
  }
  const shown = renderer({ write, level, color, headers: program === 'creator' });
  return runCommand(
    shown,
    async (ctx) => {
      const log = (logLevel: LogLevel, message: string): void => ctx.emit({ type: 'log', level: logLevel, message });
      for (const message of flagLikeWarnings(values.positionals)) log('warn', message);
      log('debug', `Starting ${chosen.shownName}...`);
      log('debug', 'Parsing inputs...');
      await stage('parse arguments', 3, () => checkPositionals(program, values.positionals));
      const machine = thisMachine(ctx.tmp);
      const keychain = createKeychain(machine);
      const source = { values, env, features, cwd };
      const run = await stage('resolve inputs', 3, () => chosen.load(source, { machine, keychain }));
      await run(ctx);
      return 0;
    },
    env['SLIPWAY_CONCURRENCY'],
  );
}

interface RendererChoice {
  readonly write: (text: string) => void;
  readonly level: LogLevel;
  readonly color: boolean;
  readonly headers: boolean;
}

function renderer(choice: RendererChoice): Renderer {
  const debug = process.env['SLIPWAY_DEBUG'] ?? '';
  return createLifecycleRenderer({ ...choice, stacks: debug !== '' && debug !== '0' });
}

function failEarly(shown: Renderer, error: unknown): number {
  const exitCode = error instanceof SlipwayError ? (error.exit ?? 1) : 1;
  shown.fail({ error, exitCode });
  return exitCode;
}

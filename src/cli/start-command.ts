import { systemClock } from '../core/clock.ts';
import { namesStandardStream } from '../oci/location.ts';
import type { CommandSpec } from '../options/command-spec.ts';
import { CommandValues } from '../options/command-values.ts';
import { ciKind } from '../term/ci-marks.ts';
import { createJsonRenderer } from '../term/json-renderer.ts';
import { createPlainRenderer } from '../term/plain-renderer.ts';
import type { Renderer } from '../term/renderer.ts';
import { chooseProgress, type Terminal } from '../term/terminal.ts';
import { createTtyRenderer } from '../term/tty-renderer.ts';
import { runCommand } from './command-context.ts';
import type { CommandTask } from './commands/command-task.ts';
import { loadConfigTask } from './config-tasks.ts';
import { loadImageTask } from './image-tasks.ts';
import { loadPackageTask } from './package-tasks.ts';
import { besideArchive } from './stream-terminal.ts';
import type { GivenArguments } from './yargs-reader.ts';

/** Reads the values of a command, makes its renderer, loads its code and runs it. */
export async function startCommand(command: CommandSpec, given: GivenArguments, terminal: Terminal): Promise<number> {
  const { env } = process;
  const values = new CommandValues(command, given, env);
  const shownOn = writesArchive(command, values) ? besideArchive(terminal) : terminal;
  // A trace between lines that are painted over could not be read.
  const fixed = isTaken(command, 'trace-http') && values.text('trace-http') === '-' ? 'plain' : undefined;
  const shown = rendererOf(values, shownOn, fixed);
  const task = await loadTask(command.name);
  const concurrency = isTaken(command, 'concurrency') ? values.text('concurrency') : undefined;
  return runCommand(shown, (ctx) => task(values, ctx, shownOn), concurrency);
}

/** They write to every place but the first. */
const COPIES: readonly string[] = ['image copy', 'image pull', 'image push'];

/** Whether standard output is an archive, and nothing else may be written to it. */
function writesArchive(command: CommandSpec, values: CommandValues): boolean {
  const outputs = isTaken(command, 'output') ? values.list('output') : [];
  // A rebase writes back what it read, unless it is told where to.
  const own = command.name === 'rebase' && outputs.length === 0 ? values.positionals : [];
  const copies = COPIES.includes(command.name) ? values.positionals.slice(1) : [];
  return [...outputs, ...own, ...copies, ...(isTaken(command, 'tag') ? values.list('tag') : [])].some(
    namesStandardStream,
  );
}

function isTaken(command: CommandSpec, name: string): boolean {
  return command.options.some((option) => option.name === name);
}

async function loadTask(name: string): Promise<CommandTask> {
  switch (name) {
    case 'build':
      return (await import('./commands/build.ts')).runBuildCommand;
    case 'rebase':
      return (await import('./commands/rebase.ts')).runRebaseCommand;
    case 'registry serve':
      return (await import('./commands/registry-serve.ts')).runServeCommand;
    case 'registry gc':
      return (await import('./commands/registry-gc.ts')).runCollectCommand;
    case 'validate':
      return (await import('./commands/validate.ts')).runValidateCommand;
    case 'inspect':
      return (await import('./commands/inspect.ts')).runInspectCommand;
    case 'explain':
      return (await import('./commands/explain.ts')).runExplainTopicsCommand;
    case 'explain detect':
      return (await import('./commands/explain.ts')).runExplainDetectCommand;
    case 'debug':
      return (await import('./commands/debug.ts')).runDebugCommand;
    case 'cache ls':
      return (await import('./commands/cache-list.ts')).runCacheListCommand;
    case 'cache du':
      return (await import('./commands/cache-usage.ts')).runCacheUsageCommand;
    case 'cache prune':
      return (await import('./commands/cache-prune.ts')).runCachePruneCommand;
    case 'login':
      return (await import('./commands/login.ts')).runLoginCommand;
    case 'logout':
      return (await import('./commands/logout.ts')).runLogoutCommand;
    case 'doctor':
      return (await import('./commands/doctor.ts')).runDoctorCommand;
    case 'auth explain':
      return (await import('./commands/auth-explain.ts')).runExplainCommand;
    default: {
      const task = (await loadPackageTask(name)) ?? (await loadImageTask(name)) ?? (await loadConfigTask(name));
      if (task === undefined) throw new Error(`command ${name} has no task`);
      return task;
    }
  }
}

/** As asked, else by terminal and CI. */
function rendererOf(values: CommandValues, terminal: Terminal, fixed: 'plain' | undefined): Renderer {
  const { env, stderr } = process;
  const style = values.boolean('json') ? 'json' : values.text('progress');
  const chosen = style ?? fixed ?? chooseProgress({ env, isTTY: stderr.isTTY, noColor: false });
  if (chosen === 'json') return createJsonRenderer(terminal.out, systemClock);
  const ci = ciKind(env);
  const options = {
    terminal,
    clock: systemClock,
    verbose: values.boolean('verbose') || (env['SLIPWAY_DEBUG'] ?? '') !== '',
    quiet: values.boolean('quiet'),
    timestamps: values.boolean('timestamps'),
    ...(ci === undefined ? {} : { ci }),
  };
  return chosen === 'tty' ? createTtyRenderer(options) : createPlainRenderer(options);
}

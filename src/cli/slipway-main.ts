import { SlipwayError } from '../core/errors.ts';
import type { CommandSpec } from '../options/command-spec.ts';
import { COMMANDS } from '../options/command-table.ts';
import { nearest } from '../options/nearest.ts';
import { describeError, errorLines } from '../term/error-text.ts';
import { symbolsOf } from '../term/symbols.ts';
import type { Terminal } from '../term/terminal.ts';
import { commandHelp, mainHelp } from './help.ts';
import { versionText } from './product.ts';
import { streamTerminal } from './stream-terminal.ts';

/** `slipway …`: help, version and mistakes are answered before anything heavy is loaded. Returns the exit code. */
export async function runSlipway(argv: readonly string[]): Promise<number> {
  const terminal = streamTerminal({ noColor: argv.includes('--no-color') });
  const [first] = argv;
  if (first === undefined || first === 'help' || first === '--help' || first === '-h') {
    const asked = first === undefined ? undefined : findCommand(argv.slice(1));
    terminal.out(asked === undefined ? mainHelp() : commandHelp(asked.command));
    return 0;
  }
  if (first === '--version' || first === '-v' || first === 'version') {
    terminal.out(`${versionText()}\n`);
    return 0;
  }
  const found = findCommand(argv);
  if (found === undefined) return fail(terminal, unknownCommand(argv));
  const { command, args } = found;
  const options = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  if (options.includes('--help') || options.includes('-h')) {
    terminal.out(commandHelp(command));
    return 0;
  }
  try {
    const { readArguments } = await import('./yargs-reader.ts');
    const given = readArguments(command, args);
    const { startCommand } = await import('./start-command.ts');
    return await startCommand(command, given, terminal);
  } catch (error) {
    return fail(terminal, error);
  }
}

interface FoundCommand {
  readonly command: CommandSpec;
  readonly args: readonly string[];
}

function findCommand(argv: readonly string[]): FoundCommand | undefined {
  for (const command of COMMANDS) {
    const words = command.name.split(' ');
    if (words.every((word, index) => argv[index] === word)) return { command, args: argv.slice(words.length) };
  }
  return undefined;
}

function unknownCommand(argv: readonly string[]): SlipwayError {
  const words = argv.filter((word) => !word.startsWith('-'));
  const [option] = argv;
  if (words.length === 0) {
    return new SlipwayError('FLAG_UNKNOWN', `slipway has no option ${option ?? ''}`, { hint: 'slipway --help' });
  }
  const name = words.slice(0, 2).join(' ');
  const names = COMMANDS.map((command) => command.name);
  const near =
    nearest(name, names) ??
    nearest(words[0] ?? '', names) ??
    names.find((each) => each.startsWith(`${words[0] ?? ''} `));
  return new SlipwayError('FLAG_UNKNOWN', `slipway has no command ${words[0] ?? ''}`, {
    hint: near === undefined ? 'slipway --help lists the commands' : `did you mean slipway ${near}?`,
  });
}

/** A mistake in the arguments: no events yet, so plain text whatever the renderer would be. */
function fail(terminal: Terminal, error: unknown): number {
  for (const line of errorLines(describeError(error, 'slipway'), symbolsOf(terminal))) terminal.err(`${line}\n`);
  return error instanceof SlipwayError ? (error.exit ?? 1) : 1;
}

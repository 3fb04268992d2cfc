import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import type { InputSource } from '../options/common-inputs.ts';
import { readExtender } from '../options/extender-inputs.ts';
import {
  readAnalyzer,
  readBuilder,
  readCreator,
  readDetector,
  readExporter,
  readRestorer,
} from '../options/phase-inputs.ts';
import { readRebaser } from '../options/rebaser-inputs.ts';
import type { Program } from '../options/table.ts';
import type { Host } from '../platform/lifecycle/host.ts';

/** A program that is about to run: `load` reads its inputs and brings in its code, what it returns runs it. */
export interface ChosenProgram {
  readonly program: Program;
  /** As it was called, for `Starting <name>...`. */
  readonly shownName: string;
  readonly args: readonly string[];
  readonly load: (source: InputSource, host: Host) => Promise<(ctx: Context) => Promise<void>>;
}

type Load = ChosenProgram['load'];

const LOADERS: Readonly<Record<Program, Load>> = {
  analyzer: async (source, host) => {
    const inputs = readAnalyzer(source);
    const { runAnalyzer } = await import('../platform/lifecycle/programs.ts');
    return (ctx) => runAnalyzer(inputs, host, ctx);
  },
  detector: async (source, host) => {
    const inputs = readDetector(source);
    const { runDetector } = await import('../platform/lifecycle/programs.ts');
    return (ctx) => runDetector(inputs, host, ctx);
  },
  restorer: async (source, host) => {
    const inputs = readRestorer(source);
    const { runRestorer } = await import('../platform/lifecycle/programs.ts');
    return (ctx) => runRestorer(inputs, host, ctx);
  },
  builder: async (source, host) => {
    const inputs = readBuilder(source);
    const { runBuilder } = await import('../platform/lifecycle/programs.ts');
    return (ctx) => runBuilder(inputs, host, ctx);
  },
  exporter: async (source, host) => {
    const inputs = readExporter(source);
    const { runExporter } = await import('../platform/lifecycle/programs.ts');
    return (ctx) => runExporter(inputs, host, ctx);
  },
  creator: async (source, host) => {
    const inputs = readCreator(source);
    const { runCreator } = await import('../platform/lifecycle/programs.ts');
    return (ctx) => runCreator(inputs, host, ctx);
  },
  extender: (source) => {
    readExtender(source);
    return Promise.resolve(() => Promise.reject(noExtender()));
  },
  rebaser: async (source, host) => {
    const inputs = readRebaser(source);
    const { runRebaser } = await import('../platform/lifecycle/programs.ts');
    return (ctx) => runRebaser(inputs, host, ctx);
  },
};

/** Words of `lifecycle <word>`, in the order in which they are listed (contract §1.1). */
const PHASES: Readonly<Record<string, Program>> = {
  detect: 'detector',
  analyze: 'analyzer',
  restore: 'restorer',
  build: 'builder',
  export: 'exporter',
  rebase: 'rebaser',
  create: 'creator',
  extend: 'extender',
};

const PROGRAM_NAMES: readonly Program[] = Object.values(PHASES);

/** By the name the program was called by, or for `lifecycle` by its first argument. Throws `ARGUMENT_INVALID` (exit 3). */
export function chooseProgram(name: string, argv: readonly string[]): ChosenProgram {
  const direct = PROGRAM_NAMES.find((candidate) => candidate === name);
  if (direct !== undefined) return { program: direct, shownName: name, args: argv, load: LOADERS[direct] };
  const word = (argv[0] ?? '').split(/[/\\]/).at(-1) ?? '';
  const program = Object.hasOwn(PHASES, word) ? PHASES[word] : undefined;
  if (program === undefined) {
    throw new SlipwayError(
      'ARGUMENT_INVALID',
      `failed to recognize phase: ${argv[0] ?? ''} \nValid phases: ${Object.keys(PHASES).join(', ')}`,
    );
  }
  return { program, shownName: word, args: argv.slice(1), load: LOADERS[program] };
}

function noExtender(): SlipwayError {
  return new SlipwayError('NOT_SUPPORTED', 'failed to extend: the extender comes with a later version', {
    exit: 102,
    hint: 'this version has analyzer, detector, restorer, builder, exporter, creator, rebaser and launcher',
  });
}

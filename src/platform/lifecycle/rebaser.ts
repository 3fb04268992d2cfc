import type { Context } from '../../core/context.ts';
import { messageOf, SlipwayError } from '../../core/errors.ts';
import { checkStandardUses } from '../../locate/standard.ts';
import type { RebaserInputs } from '../../options/rebaser-inputs.ts';
import { runRebase, type RebaseGuards } from '../run-rebase.ts';
import { announce, openHostStores, prepare, type Host } from './host.ts';

/** `rebaser`: puts an image onto another run image, without a build (contract §17). */
export async function runRebaser(inputs: RebaserInputs, host: Host, ctx: Context): Promise<void> {
  announce(inputs, host, ctx);
  const outputs = inputs.outputs.map(({ location }) => location);
  const uses = { inputs: [inputs.app.location, inputs.runImage?.location], outputs };
  checkStandardUses(uses, host.machine.standard);
  await using stores = openHostStores(inputs, host, ctx);
  await prepare({ directories: [], images: [...uses.inputs, ...outputs] }, inputs, host, ctx);
  const { app } = inputs;
  const guards: RebaseGuards = {
    app: (task) =>
      worded({ words: 'set app image', missing: `failed to access image to rebase '${app.name}'`, exit: 72 }, task),
    base: (task) => worded({ words: 'access run image', exit: 1 }, task),
    rebase: (task) => worded({ words: 'rebase', exit: 72 }, task),
    report: (task) => worded({ words: 'write rebase report', exit: 72 }, task),
  };
  await runRebase(
    { ...inputs, outputs: inputs.outputs.map(({ location, name }) => ({ location, shown: name })), isDryRun: false },
    stores,
    ctx,
    guards,
  );
}

interface Wording {
  /** What failed: `failed to <words>: `. */
  readonly words: string;
  /** Said before what kept an image from being read. */
  readonly missing?: string;
  readonly exit: number;
}

/** The contract's words and exit code, whatever exit code the cause has elsewhere; bad arguments keep theirs. */
async function worded<T>({ words, missing, exit }: Wording, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    const { code, hint, details } = error;
    const isImage = missing !== undefined && code !== 'RUN_IMAGE_UNKNOWN' && code !== 'ARGUMENT_INVALID';
    const force = hint?.kind === 'force-rebase' ? '; please provide -force to override' : '';
    throw new SlipwayError(code, `failed to ${words}: ${isImage ? `${missing}: ` : ''}${messageOf(error)}${force}`, {
      details,
      cause: error,
      exit: code === 'ARGUMENT_INVALID' || code === 'INTERRUPTED' ? (error.exit ?? exit) : exit,
      ...(hint === undefined || force !== '' ? {} : { hint }),
    });
  }
}

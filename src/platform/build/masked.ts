import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { Event } from '../../core/events.ts';
import { maskText, openMask } from '../../core/mask-bytes.ts';
import { printedForms, type Secret, type SecretForm } from '../../core/secret-forms.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';

/** Runs a task whose events and errors show no secret, whatever buildpacks wrote into files that are read. */
export async function withoutSecrets<T>(
  secrets: readonly Secret[],
  ctx: Context,
  task: (ctx: Context) => Promise<T>,
): Promise<T> {
  if (secrets.length === 0) return task(ctx);
  const forms = printedForms(secrets);
  try {
    return await task({ ...ctx, emit: (event) => ctx.emit(maskEvent(event, forms)) });
  } catch (error) {
    throw maskError(error, forms);
  }
}

/** The sandbox with every secret in its output replaced, also one that comes in pieces or in several lines. */
export function maskedSandbox(sandbox: Sandbox, secrets: readonly Secret[]): Sandbox {
  if (secrets.length === 0) return sandbox;
  const forms = printedForms(secrets);
  return {
    ...sandbox,
    run: async (request, ctx) => {
      const masks = { stdout: openMask(forms), stderr: openMask(forms) };
      const exit = await sandbox.run(
        { ...request, onOutput: (stream, bytes) => request.onOutput(stream, masks[stream].push(bytes)) },
        ctx,
      );
      for (const stream of ['stdout', 'stderr'] as const) {
        const rest = masks[stream].end();
        if (rest.length > 0) request.onOutput(stream, rest);
      }
      return exit;
    },
  };
}

function maskEvent(event: Event, forms: readonly SecretForm[]): Event {
  const masked = (text: string): string => maskText(text, forms);
  if (event.type === 'log' || event.type === 'warning' || event.type === 'notice')
    return { ...event, message: masked(event.message) };
  if (event.type === 'output') return { ...event, line: masked(event.line) };
  if (event.type !== 'detect.failed') return event;
  const groups = event.groups.map((group) => ({
    ...group,
    buildpacks: group.buildpacks.map((buildpack) => ({
      ...buildpack,
      lines: buildpack.lines.map(masked),
      missing: buildpack.missing.map((missing) => ({ ...missing, name: masked(missing.name) })),
      unused: buildpack.unused.map(masked),
    })),
  }));
  return { ...event, groups };
}

function maskError(error: unknown, forms: readonly SecretForm[]): unknown {
  const masked = (text: string): string => maskText(text, forms);
  if (!(error instanceof SlipwayError)) {
    if (!(error instanceof Error) || error.message === masked(error.message)) return error;
    return new Error(masked(error.message));
  }
  const { code, message, hint, details, exit, cause } = error;
  return new SlipwayError(code, masked(message), {
    details: Object.fromEntries(Object.entries(details).map(([name, text]) => [name, masked(text)])),
    ...(hint === undefined ? {} : { hint: hint.kind === 'text' ? masked(hint.text) : hint }),
    ...(cause === undefined ? {} : { cause: maskError(cause, forms) }),
    ...(exit === undefined ? {} : { exit }),
  });
}

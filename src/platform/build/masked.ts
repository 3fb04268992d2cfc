import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { Event, FailedBuildpack } from '../../core/events.ts';
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

type DetectExplained = Extract<Event, { readonly type: 'detect.explained' }>;

function maskEvent(event: Event, forms: readonly SecretForm[]): Event {
  const masked = (text: string): string => maskText(text, forms);
  if (event.type === 'log' || event.type === 'warning' || event.type === 'notice')
    return { ...event, message: masked(event.message) };
  if (event.type === 'output') return { ...event, line: masked(event.line) };
  if (event.type === 'detect.failed')
    return {
      ...event,
      groups: event.groups.map((group) => ({
        ...group,
        buildpacks: group.buildpacks.map((one) => maskBuildpack(one, masked)),
      })),
    };
  return event.type === 'detect.explained' ? maskExplained(event, masked) : event;
}

function maskExplained(event: DetectExplained, masked: (text: string) => string): Event {
  const groups = event.groups.map((group) => ({
    ...group,
    buildpacks: group.buildpacks.map((one) => ({
      ...maskBuildpack(one, masked),
      plans: one.plans.map(({ provides, requires }) => ({
        provides: provides.map(masked),
        requires: requires.map(masked),
      })),
    })),
  }));
  const plan = event.plan.map((entry) => ({
    ...entry,
    name: masked(entry.name),
    versions: entry.versions.map(masked),
  }));
  const nearest = event.nearest === undefined ? {} : { nearest: masked(event.nearest) };
  return { ...event, ...nearest, groups, plan };
}

function maskBuildpack<B extends FailedBuildpack>(one: B, masked: (text: string) => string): B {
  return {
    ...one,
    lines: one.lines.map(masked),
    missing: one.missing.map((missing) => ({ ...missing, name: masked(missing.name) })),
    unused: one.unused.map(masked),
  };
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

import type { Context } from '../../core/context.ts';
import { sandboxAdvice } from '../../sandbox/advice.ts';
import { surveySandboxes, type SandboxVerdict } from '../../sandbox/choose.ts';
import type { Finding } from './finding.ts';
import { makeProbeRoot } from './probe-root.ts';

/**
 * Every strategy, tried as a build would use it, and what a build would take. One that does not work is a fact where a better one does.
 */
export async function lookAtSandboxes(ctx: Context): Promise<readonly Finding[]> {
  const path = await makeProbeRoot(ctx);
  const options = path === undefined ? {} : { root: { kind: 'directory', path } as const };
  const verdicts = await surveySandboxes(ctx, options);
  const chosen = verdicts.find(({ isAutomatic, problem }) => isAutomatic && problem === undefined);
  const failed = verdicts.flatMap(({ name, title, problem, isAutomatic }) =>
    isAutomatic && problem !== undefined ? [{ strategy: name, variant: title, reason: problem }] : [],
  );
  const advice = isIsolated(chosen) ? undefined : await sandboxAdvice(failed, options);
  const names = new Set(verdicts.map(({ name }) => name));
  names.delete('host');
  return [conclusion(chosen, advice), ...[...names].map((name) => strategyOf(verdicts, name))];
}

/** chroot and weaker keep no process from another. */
function isIsolated(chosen: SandboxVerdict | undefined): boolean {
  return chosen !== undefined && ['bubblewrap', 'unshare', 'crun'].includes(chosen.name);
}

function conclusion(chosen: SandboxVerdict | undefined, advice: string | undefined): Finding {
  const about = { area: 'sandbox', name: 'of builds' } as const;
  const remedy = advice === undefined ? {} : { remedy: advice };
  if (chosen === undefined)
    return { ...about, verdict: 'bad', found: 'none: nothing that isolates buildpacks works here', ...remedy };
  const found = `${chosen.title}: ${chosen.description}`;
  return isIsolated(chosen)
    ? { ...about, verdict: 'ok', found }
    : { ...about, verdict: 'warn', found: `${found}; nothing better works here`, ...remedy };
}

/** One line for each strategy: the first of its variants that works, else why none does. */
function strategyOf(verdicts: readonly SandboxVerdict[], name: SandboxVerdict['name']): Finding {
  const variants = verdicts.filter((verdict) => verdict.name === name);
  const working = variants.find(({ problem }) => problem === undefined);
  const about = { area: 'sandbox', name } as const;
  if (working === undefined) {
    const reasons = new Set(variants.map(({ problem }) => oneLine(problem ?? '')));
    return { ...about, verdict: 'note', found: `does not work: ${[...reasons].join('; ')}` };
  }
  const how = working.title.startsWith(`${name}, `) ? ` ${working.title.slice(name.length + 2)}` : '';
  return working.isAutomatic
    ? { ...about, verdict: 'ok', found: `works${how}` }
    : { ...about, verdict: 'note', found: `works${how}, and is taken only when it is asked for` };
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

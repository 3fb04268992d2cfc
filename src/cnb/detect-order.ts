import { SlipwayError } from '../core/errors.ts';
import type { TargetMetadata } from './analyzed.ts';
import { apiSubject } from './deprecations.ts';
import { servesExecEnv } from './exec-env.ts';
import { buildpackFeatures } from './features.ts';
import { moduleName, type ModuleDescriptor, type Order, type OrderElement, type Target } from './module.ts';
import { resolvePlan, type DetectAttempt, type DetectRun, type PlanLogLine, type Resolution } from './resolve-plan.ts';
import { misfitText } from './target-misfit.ts';
import { matchesTarget, printTarget } from './targets.ts';
import type { LeftOut, TriedGroup } from './tried-group.ts';

export interface DetectOrderInput {
  readonly order: Order;
  readonly extensions: Order;
  /** Completed target of the run image (`completeTarget`); undefined: any module fits (Platform API < 0.12). */
  readonly target: TargetMetadata | undefined;
  /** CNB_EXEC_ENV; undefined switches its filter off (Platform API < 0.15). */
  readonly execEnv: string | undefined;
  /** An optional module of another target is skipped, where the Go lifecycle runs it (GAP-14). Default false. */
  readonly skipsMisfits?: boolean;
  /** Goes on after a group that passes, to know of all groups what they are; the first one counts. Default false. */
  readonly triesAll?: boolean;
}

/** The group that passed, if one did; and, for explanations, every group that was tried. */
export type Detection = Resolution & {
  /** In the order in which they were tried. */
  readonly tried: readonly TriedGroup[];
};

export interface DetectOrderPorts {
  /** Descriptor of a module. Throws what stops detection (`BUILDPACK_NOT_FOUND`). */
  readonly find: (element: OrderElement) => Promise<ModuleDescriptor>;
  /** Runs detection; called at most once a kind, id and version, several at once. A failing program is a result, not an error. */
  readonly detect: (module: ModuleDescriptor) => Promise<DetectRun>;
  /** Lines that are printed at once (targets, exec-env). */
  readonly log: (line: PlanLogLine) => void;
}

/**
 * Expands an order depth first until one group passes (contract §7.2). `lines` of the result are the resolver's of every attempted
 * group: on failure the caller prints all of them, whatever the log level (§7.8). Throws `ORDER_CYCLE` naming the chain (GAP-31).
 */
export async function detectOrder(input: DetectOrderInput, ports: DetectOrderPorts): Promise<Detection> {
  const expansion = new Expansion(input, ports);
  const order = input.order.map((group) => group.map((element) => pendingModule(element, [])));
  const front: readonly Pending[] = input.extensions.length === 0 ? [] : [{ kind: 'extensions-order' }];
  try {
    const start = { done: [], next: [], leftOut: [], label: '' };
    return expansion.finish(
      await expansion.order(
        order.map((group) => [...front, ...group]),
        start,
      ),
    );
  } finally {
    await expansion.settle();
  }
}

/** An element still to be looked at; `chain` names the composites that it came out of. */
type Pending =
  | { readonly kind: 'extensions-order' }
  | { readonly kind: 'module'; readonly element: OrderElement; readonly chain: readonly string[] };

interface Rest {
  /** Attempted before this order, with their runs. */
  readonly done: readonly StartedAttempt[];
  readonly leftOut: readonly LeftOut[];
  /** What follows the order in its group. */
  readonly next: readonly Pending[];
  /** Of the group that the order is in; '' for the order itself. */
  readonly label: string;
  /** What the group is called without the order; absent where it cannot be left out. */
  readonly labelWithout?: string;
}

interface StartedAttempt {
  readonly module: DetectAttempt['module'];
  readonly run: Promise<DetectRun>;
}

class Expansion {
  readonly #input: DetectOrderInput;
  readonly #ports: DetectOrderPorts;
  /** Each kind, id and version runs once, whatever group it is met in. */
  readonly #runs = new Map<string, Promise<DetectRun>>();
  readonly #lines: PlanLogLine[] = [];
  readonly #tried: TriedGroup[] = [];
  /** Of those that passed, where all are tried. */
  #first: Resolution | undefined;

  constructor(input: DetectOrderInput, ports: DetectOrderPorts) {
    this.#input = input;
    this.#ports = ports;
  }

  async order(groups: readonly (readonly Pending[])[], rest: Rest): Promise<Resolution> {
    let withErrors = false;
    for (const [index, group] of groups.entries()) {
      const label = rest.label === '' || groups.length > 1 ? joined(rest.label, index + 1) : rest.label;
      const result = await this.#group([...group, ...rest.next], { ...rest, label });
      if (result.kind === 'passed') return result;
      withErrors ||= result.withErrors;
    }
    const { labelWithout } = rest;
    if (labelWithout !== undefined) return this.#group(rest.next, { ...rest, label: labelWithout });
    return { kind: 'failed', withErrors, gaps: [], lines: this.#lines };
  }

  finish(result: Resolution): Detection {
    const end = this.#first ?? result;
    return { ...end, lines: this.#lines, tried: this.#tried };
  }

  /** Waits for every run: nothing goes on after an error. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#runs.values());
  }

  async #group(group: readonly Pending[], before: Omit<Rest, 'next' | 'labelWithout'>): Promise<Resolution> {
    const { label } = before;
    const done = [...before.done];
    const leftOut = [...before.leftOut];
    for (const [index, pending] of group.entries()) {
      const rest: Rest = { done, leftOut, next: group.slice(index + 1), label };
      if (pending.kind === 'extensions-order')
        return this.order(this.#extensions(), { ...rest, label: `${label} with extensions`, labelWithout: label });
      const { element } = pending;
      if (done.some(({ module }) => module.kind === element.kind && module.id === element.id)) continue;
      if (this.#isElsewhere(element, element.execEnv ?? [], 'group')) {
        leftOut.push({ module: element, execEnv: element.execEnv ?? [] });
        continue;
      }
      const descriptor = await this.#ports.find(element);
      if (descriptor.order.length > 0) {
        const without = element.optional ? { labelWithout: `${label} without ${element.id}` } : {};
        return this.order(composite(descriptor, pending.chain), { ...rest, ...without });
      }
      const run = this.#start(element, descriptor);
      if (run === undefined) leftOut.push({ module: element, execEnv: descriptor.execEnv });
      else done.push({ module: groupElement(element, descriptor), run });
    }
    const attempts = await Promise.all(done.map(async ({ module, run }) => ({ module, run: await run })));
    const result = resolvePlan(attempts);
    this.#lines.push(...result.lines);
    const passed = result.kind === 'passed' ? { group: result.group, plan: result.plan } : undefined;
    this.#tried.push({ label, attempts, leftOut, gaps: result.gaps, ...(passed === undefined ? {} : { passed }) });
    if (result.kind === 'passed' && this.#input.triesAll === true) {
      this.#first ??= result;
      return { kind: 'failed', withErrors: false, gaps: [], lines: this.#lines };
    }
    return { ...result, lines: this.#lines };
  }

  #extensions(): readonly (readonly Pending[])[] {
    return this.#input.extensions.map((group) =>
      group.map((element) => pendingModule({ ...element, optional: true }, [])),
    );
  }

  /** The module's one run, begun now unless it was before; undefined when its execution environment leaves it out. */
  #start(element: OrderElement, descriptor: ModuleDescriptor): Promise<DetectRun> | undefined {
    const key = `${element.kind} ${moduleName(element)}`;
    const misfit = this.#misfit(element, descriptor);
    // What a required module gave is remembered over what may have run, as upstream does; an optional one's skip is its own.
    if (misfit !== undefined) return element.optional ? Promise.resolve(misfit) : this.#remember(key, misfit);
    const features = buildpackFeatures(descriptor.api, apiSubject(element));
    if (features.hasExecEnv && this.#isElsewhere(element, descriptor.execEnv, 'buildpack')) return undefined;
    return this.#runs.get(key) ?? this.#remember(key, this.#ports.detect(descriptor));
  }

  /** The result of a module that must not run, as it is for other targets. */
  #misfit(element: OrderElement, descriptor: ModuleDescriptor): DetectRun | undefined {
    const { target, skipsMisfits } = this.#input;
    const tried = (candidate: Target): void =>
      this.#debug(`Checking for match against descriptor: ${printTarget(candidate)}`);
    if (target === undefined || matchesTarget(descriptor, target, tried)) return undefined;
    const misfit = descriptor.targets;
    if (!element.optional) return { code: -1, output: '', error: misfitText(target, misfit), misfit };
    return skipsMisfits === true ? { code: 100, output: '', misfit } : undefined;
  }

  /** Says so when a list of execution environments has not got the one of this build. */
  #isElsewhere(element: OrderElement, supported: readonly string[], whose: 'buildpack' | 'group'): boolean {
    const { execEnv } = this.#input;
    if (execEnv === undefined || servesExecEnv(supported, execEnv)) return false;
    this.#debug(
      `Skipping ${moduleName(element)} due to execution environment mismatch; current: ${execEnv}, ${whose} supports: [${supported.join(' ')}]`,
    );
    return true;
  }

  #debug(message: string): void {
    this.#ports.log({ level: 'debug', message });
  }

  #remember(key: string, result: DetectRun | Promise<DetectRun>): Promise<DetectRun> {
    const run = Promise.resolve(result);
    // It is awaited with its group; until then a failure must not count as unhandled.
    run.catch(() => undefined);
    this.#runs.set(key, run);
    return run;
  }
}

function composite(descriptor: ModuleDescriptor, chain: readonly string[]): readonly (readonly Pending[])[] {
  const name = moduleName(descriptor);
  if (chain.includes(name)) {
    const cycle = [...chain.slice(chain.indexOf(name)), name].join(' → ');
    throw new SlipwayError('ORDER_CYCLE', `composite buildpack ${name} contains itself: ${cycle}`, {
      details: { chain: cycle },
      hint: 'remove one of them from the order of another',
    });
  }
  return descriptor.order.map((group) => group.map((element) => pendingModule(element, [...chain, name])));
}

/** `2` in the order, `2.1` in group 2, `2 with extensions.1`. */
function joined(label: string, number: number): string {
  return label === '' ? String(number) : `${label}.${String(number)}`;
}

function pendingModule(element: OrderElement, chain: readonly string[]): Pending {
  return { kind: 'module', element, chain };
}

function groupElement(element: OrderElement, descriptor: ModuleDescriptor): DetectAttempt['module'] {
  return {
    kind: element.kind,
    id: element.id,
    version: element.version,
    api: descriptor.api,
    ...(descriptor.homepage === '' ? {} : { homepage: descriptor.homepage }),
    optional: element.optional,
  };
}

import { SlipwayError } from '../core/errors.ts';
import { goJson } from '../oci/go-json.ts';
import type { TargetMetadata } from './analyzed.ts';
import { apiSubject } from './deprecations.ts';
import { buildpackFeatures } from './features.ts';
import { moduleName, type ModuleDescriptor, type Order, type OrderElement, type Target } from './module.ts';
import { resolvePlan, type DetectAttempt, type DetectRun, type PlanLogLine, type Resolution } from './resolve-plan.ts';
import { matchesTarget, printTarget } from './targets.ts';

export interface DetectOrderInput {
  readonly order: Order;
  readonly extensions: Order;
  /** Completed target of the run image (`completeTarget`); undefined: any module fits (Platform API < 0.12). */
  readonly target: TargetMetadata | undefined;
  /** CNB_EXEC_ENV; undefined switches its filter off (Platform API < 0.15). */
  readonly execEnv: string | undefined;
}

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
export async function detectOrder(input: DetectOrderInput, ports: DetectOrderPorts): Promise<Resolution> {
  const expansion = new Expansion(input, ports);
  const order = input.order.map((group) => group.map((element) => pendingModule(element, [])));
  const front: readonly Pending[] = input.extensions.length === 0 ? [] : [{ kind: 'extensions-order' }];
  try {
    return await expansion.order(
      order.map((group) => [...front, ...group]),
      { done: [], next: [], isOptional: false },
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
  /** What follows the order in its group. */
  readonly next: readonly Pending[];
  /** Whether the order may be left out. */
  readonly isOptional: boolean;
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

  constructor(input: DetectOrderInput, ports: DetectOrderPorts) {
    this.#input = input;
    this.#ports = ports;
  }

  async order(groups: readonly (readonly Pending[])[], rest: Rest): Promise<Resolution> {
    let withErrors = false;
    for (const group of groups) {
      const result = await this.#group([...group, ...rest.next], rest.done);
      if (result.kind === 'passed') return result;
      withErrors ||= result.withErrors;
    }
    if (rest.isOptional) return this.#group(rest.next, rest.done);
    return { kind: 'failed', withErrors, lines: this.#lines };
  }

  /** Waits for every run: nothing goes on after an error. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#runs.values());
  }

  async #group(group: readonly Pending[], before: readonly StartedAttempt[]): Promise<Resolution> {
    const done = [...before];
    for (const [index, pending] of group.entries()) {
      const rest: Rest = { done, next: group.slice(index + 1), isOptional: true };
      if (pending.kind === 'extensions-order') return this.order(this.#extensions(), rest);
      const { element } = pending;
      if (done.some(({ module }) => module.kind === element.kind && module.id === element.id)) continue;
      const descriptor = await this.#ports.find(element);
      if (descriptor.order.length > 0) {
        return this.order(composite(descriptor, pending.chain), { ...rest, isOptional: element.optional });
      }
      const run = this.#start(element, descriptor);
      if (run !== undefined) done.push({ module: groupElement(element, descriptor), run });
    }
    const attempts = await Promise.all(done.map(async ({ module, run }) => ({ module, run: await run })));
    const result = resolvePlan(attempts);
    this.#lines.push(...result.lines);
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
    const { target } = this.#input;
    const log = (message: string): void => this.#ports.log({ level: 'debug', message });
    const tried = (candidate: Target): void => log(`Checking for match against descriptor: ${printTarget(candidate)}`);
    if (target !== undefined && !matchesTarget(descriptor, target, tried) && !element.optional) {
      const error = `unable to satisfy target os/arch constraints; run image: ${targetJson(target)}, buildpack: ${targetsJson(descriptor.targets)}`;
      return this.#remember(key, Promise.resolve({ code: -1, output: '', error }));
    }
    const features = buildpackFeatures(descriptor.api, apiSubject(element));
    const { execEnv } = this.#input;
    if (execEnv !== undefined && features.hasExecEnv && !matchesExecEnv(descriptor, execEnv)) {
      log(
        `Skipping ${moduleName(element)} due to execution environment mismatch; current: ${execEnv}, buildpack supports: [${descriptor.execEnv.join(' ')}]`,
      );
      return undefined;
    }
    return this.#runs.get(key) ?? this.#remember(key, this.#ports.detect(descriptor));
  }

  #remember(key: string, run: Promise<DetectRun>): Promise<DetectRun> {
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

function matchesExecEnv(descriptor: ModuleDescriptor, execEnv: string): boolean {
  const { execEnv: supported } = descriptor;
  return supported.length === 0 || supported.includes('*') || supported.includes(execEnv);
}

function targetJson(target: TargetMetadata): string {
  return goJson({
    id: target.id,
    os: target.os,
    arch: target.arch,
    'arch-variant': target.archVariant,
    distro: target.distro === undefined ? undefined : { name: target.distro.name, version: target.distro.version },
  });
}

function targetsJson(targets: readonly Target[]): string {
  return goJson(
    targets.map((target) => ({
      os: target.os,
      arch: target.arch,
      'arch-variant': target.archVariant === '' ? undefined : target.archVariant,
      distros:
        target.distros.length === 0
          ? undefined
          : target.distros.map((distro) => ({ name: distro.name, version: distro.version })),
    })),
  );
}

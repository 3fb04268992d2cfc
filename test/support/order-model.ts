import type { ModuleDescriptor, Order, OrderElement } from '../../src/cnb/module.ts';
import type { DetectAttempt, DetectRun } from '../../src/cnb/resolve-plan.ts';
import { modelResolve, type ModelResolution } from './plan-model.ts';

/** What there is to detect with. */
export interface ModelWorld {
  readonly order: Order;
  readonly extensions: Order;
  readonly execEnv: string;
  readonly find: (element: OrderElement) => ModuleDescriptor;
  readonly run: (element: OrderElement) => DetectRun;
  /** Whether the module's targets fit the run image. */
  readonly fits: (descriptor: ModuleDescriptor) => boolean;
}

export interface ModelDetection {
  readonly result: ModelResolution;
  /** The modules that ran, in turn. */
  readonly ran: readonly string[];
}

interface FlatGroup {
  readonly elements: readonly OrderElement[];
  /** Errors in the alternatives of something optional are forgotten when it is left out. */
  readonly countsErrors: boolean;
}

type Step = OrderElement | 'extensions';

/** Contract §7.2: first every flat group that the order stands for, in turn; then each is tried until one passes. */
export function modelDetect(world: ModelWorld): ModelDetection {
  const runs = new Map<string, DetectRun>();
  const ran: string[] = [];
  const lines: string[] = [];
  let withErrors = false;
  for (const { elements, countsErrors } of flatGroups(world)) {
    const attempts = elements.map((element): DetectAttempt => {
      const descriptor = world.find(element);
      const key = `${element.kind} ${element.id}@${element.version}`;
      if (!world.fits(descriptor) && !element.optional) runs.set(key, misfit);
      if (!runs.has(key)) {
        ran.push(key);
        runs.set(key, world.run(element));
      }
      return { module: { ...element, api: descriptor.api }, run: runs.get(key) ?? misfit };
    });
    const result = modelResolve(attempts);
    lines.push(...result.lines);
    if (result.kind === 'passed') return { result: { ...result, lines }, ran };
    withErrors ||= countsErrors && result.withErrors;
  }
  return { result: { kind: 'failed', withErrors, group: [], plan: [], lines }, ran };
}

/** The text stands for the whole sentence, which has a test of its own. */
const misfit: DetectRun = { code: -1, output: '', error: 'unable to satisfy target os/arch constraints' };

function flatGroups(world: ModelWorld): readonly FlatGroup[] {
  const front: readonly Step[] = world.extensions.length > 0 ? ['extensions'] : [];
  return world.order.flatMap((group) => flatten(world, [...front, ...group], { elements: [], countsErrors: true }));
}

function flatten(world: ModelWorld, steps: readonly Step[], done: FlatGroup): readonly FlatGroup[] {
  const [step, ...rest] = steps;
  if (step === undefined) return [done];
  const without = (): readonly FlatGroup[] => flatten(world, rest, done);
  const each = (order: Order, isOptional: boolean): readonly FlatGroup[] => [
    ...order.flatMap((group) =>
      flatten(world, [...group, ...rest], { ...done, countsErrors: done.countsErrors && !isOptional }),
    ),
    ...(isOptional ? without() : []),
  ];
  if (step === 'extensions') {
    return each(
      world.extensions.map((group) => group.map((element) => ({ ...element, optional: true }))),
      true,
    );
  }
  if (done.elements.some(({ kind, id }) => kind === step.kind && id === step.id)) return without();
  const descriptor = world.find(step);
  const { order, execEnv } = descriptor;
  if (order.length > 0) return each(order, step.optional);
  const isMisfit = !world.fits(descriptor) && !step.optional;
  const isElsewhere = execEnv.length > 0 && !execEnv.includes('*') && !execEnv.includes(world.execEnv);
  if (isElsewhere && !isMisfit) return without();
  return flatten(world, rest, { ...done, elements: [...done.elements, step] });
}

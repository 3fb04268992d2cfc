import { availableParallelism } from 'node:os';
import type { TargetMetadata } from '../cnb/analyzed.ts';
import { NO_DEPRECATIONS, type Deprecations } from '../cnb/deprecations.ts';
import { detectOrder, type Detection } from '../cnb/detect-order.ts';
import type { Env } from '../cnb/env.ts';
import { refuseEscapeCollisions } from '../cnb/escape-collision.ts';
import type { PlatformFeatures } from '../cnb/features.ts';
import {
  moduleName,
  type GroupElement,
  type ModuleDescriptor,
  type Order,
  type OrderElement,
  type OrderGroup,
} from '../cnb/module.ts';
import type { Plan } from '../cnb/plan.ts';
import type { PlanLogLine } from '../cnb/resolve-plan.ts';
import { mergeSystem } from '../cnb/system-order.ts';
import type { Context } from '../core/context.ts';
import { type Remedy, SlipwayError } from '../core/errors.ts';
import type { FailedGroup } from '../core/events.ts';
import { createLimiter } from '../core/limiter.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { ModuleFinder } from '../workspace/buildpacks.ts';
import type { BuildDirs } from './build-dirs.ts';
import { fullTarget, inheritEnvironment } from './buildpack-environment.ts';
import { describeTarget, explainAll, explainGroups, type DetectedFor } from './detect/explain.ts';
import { planText, targetText } from './detect/explain-plan.ts';
import { groupTable } from './detect/group-table.ts';
import { nearestGroup } from './detect/nearest-group.ts';
import { runDetect } from './detect/run-detect.ts';
import { checkApi, verifyOrder } from './detect/verify-order.ts';
import { withTimer } from './timer.ts';

export interface DetectInput {
  /** Buildpacks run as the owner of `layers`, where this process may change its user. */
  readonly dirs: BuildDirs;
  readonly order: Order;
  /** Tried in front of every group; default: none. */
  readonly extensions?: Order;
  readonly system: { readonly pre: OrderGroup; readonly post: OrderGroup };
  /** Target of the run image, from analyzed.toml. */
  readonly target: TargetMetadata | undefined;
  readonly execEnv: string;
  /** An optional buildpack for another target is skipped, where the Go lifecycle runs it (GAP-14). Default false. */
  readonly skipsMisfits?: boolean;
  /** The caller's environment; what buildpacks may inherit is picked from it. */
  readonly inheritedEnv: Env;
  readonly features: PlatformFeatures;
  /** Default: none. */
  readonly deprecations?: Deprecations;
  /** Text of the build environment's /etc/os-release. */
  readonly osRelease: string | undefined;
  readonly hostArchitecture: string;
  /** Default `host`. */
  readonly network?: 'host' | 'none';
}

export interface DetectPorts {
  readonly sandbox: Sandbox;
  readonly modules: ModuleFinder;
  /** Where the order's extensions are looked up. */
  readonly extensions?: ModuleFinder;
}

export interface DetectOutput {
  readonly group: readonly GroupElement[];
  readonly plan: Plan;
}

/**
 * Finds the first group of the order whose buildpacks all want to take part, and their plan (contract §7). Each buildpack is run at
 * most once, several at a time. Throws `DETECT_NONE_PASSED` (20) or `DETECT_FAILED` (21) with a table of every group in the
 * details, `BUILDPACK_NOT_FOUND` and `BUILDPACK_API_UNSUPPORTED` before anything runs, `ORDER_CYCLE`, `BUILDPACK_INVALID`.
 */
export async function detect(input: DetectInput, ports: DetectPorts, ctx: Context): Promise<DetectOutput> {
  const order = await verifiedOrder(input, ports, ctx);
  return withTimer('Detector', ctx, async () => {
    const { detection, wanted, attempted } = await runDetection({ ...input, order }, ports, ctx);
    if (detection.kind === 'failed') throw failure(detection, wanted, ctx);
    for (const line of detection.lines) log(line, ctx);
    refuseEscapeCollisions(detection.group);
    const { group, plan } = detection;
    ctx.emit({ type: 'detect.result', passed: group.map(moduleName), attempted });
    return { group, plan };
  });
}

/**
 * What all groups of the order make of the app, also those behind the one that a build takes; said in an event. Returns the exit code
 * that detection in a build has. Throws what `detect` throws but for groups that do not pass.
 */
export async function explainDetection(input: DetectInput, ports: DetectPorts, ctx: Context): Promise<0 | 20 | 21> {
  const order = await verifiedOrder(input, ports, ctx);
  const { detection, wanted } = await runDetection({ ...input, order, triesAll: true }, ports, ctx);
  const passed = detection.kind === 'passed' ? detection : undefined;
  const first = detection.tried.find((group) => group.passed !== undefined);
  const groups = explainAll(detection.tried, wanted);
  const nearest = nearestGroup(groups);
  ctx.emit({
    type: 'detect.explained',
    target: wanted.target === undefined ? 'any' : targetText(wanted.target),
    execEnv: wanted.execEnv,
    groups,
    ...(first === undefined ? {} : { chosen: first.label }),
    ...(first !== undefined || nearest === undefined ? {} : { nearest: nearest.text }),
    buildpacks: (passed?.group ?? []).map(moduleName),
    plan: (passed?.plan ?? []).map(planText),
  });
  if (detection.kind === 'passed') return 0;
  return detection.withErrors ? 21 : 20;
}

interface Ran {
  readonly detection: Detection;
  readonly wanted: DetectedFor;
  /** How many modules were run. */
  readonly attempted: number;
}

/** With what the system adds; all of its modules are there. */
async function verifiedOrder(input: DetectInput, ports: DetectPorts, ctx: Context): Promise<Order> {
  const order = withSystem(input, ctx);
  const { extensions = [], deprecations = NO_DEPRECATIONS } = input;
  await verifyOrder([...order, ...extensions], finderOf(ports), deprecations, ctx);
  return order;
}

/** `order` is whole. */
async function runDetection(
  input: DetectInput & { readonly triesAll?: boolean },
  ports: DetectPorts,
  ctx: Context,
): Promise<Ran> {
  const find = finderOf(ports);
  const target = fullTarget(input, ctx);
  const attempted = new Set<string>();
  const limiter = createLimiter(Math.max(2, availableParallelism()));
  const setting = {
    dirs: input.dirs,
    sandbox: ports.sandbox,
    env: inheritEnvironment(input.inheritedEnv),
    target,
    execEnv: input.execEnv,
    network: input.network ?? 'host',
  } as const;
  const { order, extensions = [], features, skipsMisfits = false, triesAll = false } = input;
  const execEnv = features.hasExecEnv ? input.execEnv : undefined;
  const matched = features.hasTargets ? target : undefined;
  const detection = await detectOrder(
    { order, extensions, target: matched, execEnv, skipsMisfits, triesAll },
    {
      find: async (element) => {
        const module = await find(element);
        checkApi(module);
        return module;
      },
      detect: (module) => {
        attempted.add(`${module.kind} ${moduleName(module)}`);
        return limiter.run(() => runDetect(module, setting, ctx));
      },
      log: (line) => log(line, ctx),
    },
  );
  return { detection, wanted: { target: matched, execEnv: input.execEnv }, attempted: attempted.size };
}

/** Buildpacks and extensions are in directories of their own. */
function finderOf(ports: DetectPorts): (element: OrderElement) => Promise<ModuleDescriptor> {
  const { modules, extensions = modules } = ports;
  return ({ kind, id, version }) => (kind === 'extension' ? extensions : modules).find(id, version);
}

function withSystem(input: DetectInput, ctx: Context): Order {
  if (!input.features.hasExecEnv) return input.order;
  const { order, lines } = mergeSystem(input.order, input.system);
  for (const line of lines) log(line, ctx);
  return order;
}

/** All lines of the resolver are shown now, whatever the log level (contract §7.8). */
function failure(detection: Detection & { readonly kind: 'failed' }, wanted: DetectedFor, ctx: Context): SlipwayError {
  for (const line of detection.lines) log({ ...line, level: 'info' }, ctx);
  ctx.emit({ type: 'log', level: 'error', message: 'No buildpack groups passed detection.' });
  const groups = explainGroups(detection.tried, wanted);
  ctx.emit({ type: 'detect.failed', groups });
  const options = { details: groupTable(groups) };
  if (detection.withErrors) {
    const hint = remedy(groups, platformsOf(detection));
    return new SlipwayError('DETECT_FAILED', 'buildpack(s) failed with err', { ...options, hint });
  }
  ctx.emit({ type: 'log', level: 'error', message: 'Please check that you are running against the correct path.' });
  return new SlipwayError('DETECT_NONE_PASSED', 'no buildpacks participating', {
    ...options,
    hint: 'check that the path is the one of the app, and that its buildpacks are in the order',
  });
}

/** Another platform where that alone is in the way; else who must be mended. */
function remedy(groups: readonly FailedGroup[], platforms: readonly string[]): string | Remedy {
  const errors = groups.flatMap(({ buildpacks }) => buildpacks.filter(({ result }) => result === 'error'));
  const broken = [...new Set(errors.map(({ buildpack }) => buildpack.replace('@', ' ')))];
  if (broken.length === 0 && platforms.length > 0) return { kind: 'choose-platform', offered: platforms };
  const names = broken.length > 3 ? 'the buildpacks' : broken.join(' and ');
  return `mend what ${names} report${broken.length === 1 ? 's' : ''}, or choose other buildpacks`;
}

/** The platforms that those modules are for which are not for this one. */
function platformsOf({ tried }: Detection): readonly string[] {
  const targets = tried.flatMap(({ attempts }) => attempts.flatMap(({ run }) => run.misfit ?? []));
  return [...new Set(targets.map((target) => describeTarget({ ...target, distros: [] })))];
}

function log(line: PlanLogLine, ctx: Context): void {
  ctx.emit({ type: 'log', level: line.level, message: line.message });
}

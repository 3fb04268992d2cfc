import type { TargetMetadata } from '../../cnb/analyzed.ts';
import { moduleName, type ModuleDescriptor, type Order, type OrderElement } from '../../cnb/module.ts';
import type { DetectRun } from '../../cnb/resolve-plan.ts';
import { matchesTarget } from '../../cnb/targets.ts';

/** What a failed detection learned, by `id@version`. */
export interface DetectFacts {
  readonly order: Order;
  readonly modules: ReadonlyMap<string, ModuleDescriptor>;
  readonly runs: ReadonlyMap<string, DetectRun>;
  /** Texts of the resolver's lines. */
  readonly lines: readonly string[];
  /** Undefined: any module fits. */
  readonly target: TargetMetadata | undefined;
}

export interface GroupTable {
  /** `group 1` → its rows, one a line, aligned; then `nearest`. */
  readonly details: Readonly<Record<string, string>>;
  /** Modules that only the target kept out, with the platforms that they are for. */
  readonly wrongTarget: readonly { readonly name: string; readonly platforms: readonly string[] }[];
}

/** The table of ux.md "Detection that found nothing": per group, what became of each of its buildpacks. */
export function groupTable(facts: DetectFacts): GroupTable {
  const groups = facts.order.map((group) => group.flatMap((element) => leaves(element, facts, [])));
  const rows = groups.map((group) => group.map((element) => verdict(element, facts)));
  const width = Math.max(0, ...rows.flat().map((row) => row.name.length));
  const details: Record<string, string> = {};
  rows.slice(0, GROUPS_MAX).forEach((group, index) => {
    details[`group ${String(index + 1)}`] = group.map((row) => `${row.name.padEnd(width)}  ${row.result}`).join('\n');
  });
  if (rows.length > GROUPS_MAX) details['more'] = `${String(rows.length - GROUPS_MAX)} groups that are not shown`;
  const nearest = nearestGroup(rows);
  if (nearest !== undefined) details['nearest'] = nearest;
  const wrong = new Map(rows.flat().flatMap((row) => (row.platforms === undefined ? [] : [[row.name, row.platforms]])));
  return { details, wrongTarget: [...wrong].map(([name, platforms]) => ({ name, platforms })) };
}

const GROUPS_MAX = 20;

interface Row {
  readonly name: string;
  readonly result: string;
  /** Why this row alone makes its group fail: `acme/jdk did not fail`. */
  readonly blocks?: string;
  readonly platforms?: readonly string[];
}

/** The buildpacks that an element stands for: those of a composite, of all of its groups. */
function leaves(element: OrderElement, facts: DetectFacts, chain: readonly string[]): readonly OrderElement[] {
  const name = moduleName(element);
  const order = facts.modules.get(name)?.order ?? [];
  if (order.length === 0 || chain.includes(name)) return [element];
  const nested = order.flat().flatMap((child) => leaves(child, facts, [...chain, name]));
  return [...new Map(nested.map((child) => [moduleName(child), child])).values()];
}

function verdict(element: OrderElement, facts: DetectFacts): Row {
  const key = moduleName(element);
  const name = `${element.id} ${element.version}`;
  const run = facts.runs.get(key);
  const module = facts.modules.get(key);
  const { target } = facts;
  if (module !== undefined && target !== undefined && !matchesTarget(module, target) && run?.code !== 0) {
    const platforms = module.targets.map(describeTarget);
    return {
      name,
      result: `skipped: supports ${platforms.join(', ')} only, target is ${describePlatform(target)}`,
      platforms,
      ...(element.optional ? {} : { blocks: `${element.id} supported ${describePlatform(target)}` }),
    };
  }
  if (run === undefined) return { name, result: 'not tried' };
  if (run.code === 0) return passed(element, name, facts);
  const said = lastLine(run.error ?? run.output);
  const blocks = element.optional ? {} : { blocks: `${element.id} did not fail` };
  if (run.code === 100) return { name, result: `fail${said === '' ? '' : `   ${said}`}`, ...blocks };
  const result = run.code === -1 ? 'error' : `error ${String(run.code)}`;
  return { name, result: `${result}${said === '' ? '' : ` (last line: ${said})`}`, ...blocks };
}

/** A buildpack that passed may have lacked something: the resolver's line says what. */
function passed(element: OrderElement, name: string, facts: DetectFacts): Row {
  const key = moduleName(element);
  const line = facts.lines.find((text) => text.startsWith(`fail: ${key} `));
  if (line === undefined) return { name, result: 'pass' };
  const problem = line.slice(`fail: ${key} `.length);
  const needs = problem
    .replace(/^requires (.*)$/, 'needs "$1"')
    .replace(/^provides unused (.*)$/, 'nobody needs its "$1"');
  return { name, result: `pass   ${needs}`, blocks: `${element.id} got what it ${problem}` };
}

function nearestGroup(groups: readonly (readonly Row[])[]): string | undefined {
  const obstacles = groups.map((rows) => rows.flatMap((row) => (row.blocks === undefined ? [] : [row.blocks])));
  const index = obstacles.findIndex((list, at) => list.length === 1 && (groups[at]?.length ?? 0) > 1);
  const [obstacle] = obstacles[index] ?? [];
  return obstacle === undefined ? undefined : `group ${String(index + 1)}: it would pass if ${obstacle}`;
}

function lastLine(text: string): string {
  return (
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .at(-1) ?? ''
  );
}

function describeTarget(target: { readonly os: string; readonly arch: string; readonly archVariant: string }): string {
  return [target.os, target.arch, target.archVariant]
    .map((part) => (part === '' ? '*' : part))
    .join('/')
    .replace(/\/\*$/, '');
}

function describePlatform(target: TargetMetadata): string {
  return [
    target.os,
    target.arch,
    ...(target.archVariant === undefined || target.archVariant === '' ? [] : [target.archVariant]),
  ].join('/');
}

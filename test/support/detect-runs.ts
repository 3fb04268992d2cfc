import type { GroupElement, ModuleDescriptor, ModuleKind, OrderElement } from '../../src/cnb/module.ts';
import type { BuildPlan, PlanSection, Require } from '../../src/cnb/plan.ts';
import type { DetectAttempt, DetectRun } from '../../src/cnb/resolve-plan.ts';

/** A section: `section('a b', 'c')` provides a and b, requires c. */
export function section(provides: string, requires: string = '', metadata?: Require['metadata']): PlanSection {
  const words = (text: string): readonly string[] => text.split(' ').filter((word) => word !== '');
  return {
    provides: words(provides),
    requires: words(requires).map((name) => ({ name, ...(metadata === undefined ? {} : { metadata }) })),
  };
}

/** `a@1?` is optional; `+a@1` is an extension. */
export function element(name: string): OrderElement {
  const [, plus, id = '', version = '', question] = /^(\+?)(.+)@([^?]+)(\??)$/.exec(name) ?? [];
  const kind: ModuleKind = plus === '+' ? 'extension' : 'buildpack';
  return { kind, id, version, optional: question === '?' || kind === 'extension' };
}

export function pass(...sections: readonly PlanSection[]): DetectRun {
  const [first = section(''), ...rest] = sections;
  const plan: BuildPlan = [first, ...rest];
  return { code: 0, output: '', plan };
}

export function exit(code: number, output: string = ''): DetectRun {
  return { code, output };
}

export function attempt(name: string, run: DetectRun): DetectAttempt {
  const module: GroupElement = { ...element(name), api: '0.12' };
  return { module, run };
}

/** A descriptor that runs anywhere. */
export function descriptor(name: string, overrides: Partial<ModuleDescriptor> = {}): ModuleDescriptor {
  const { kind, id, version } = element(name);
  return {
    kind,
    api: '0.12',
    id,
    version,
    name: '',
    homepage: '',
    clearEnv: false,
    sbomFormats: [],
    execEnv: [],
    targets: [],
    order: [],
    root: `/${id}`,
    hasDetect: true,
    hasBuild: true,
    hasGenerate: false,
    ...overrides,
  };
}

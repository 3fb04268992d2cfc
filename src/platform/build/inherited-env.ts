import type { Env } from '../../cnb/env.ts';
import { definedEnv } from '../machine.ts';
import type { Builder } from './builder.ts';
import type { BuildOptions } from './options.ts';
import { proxiesOf } from './sources.ts';

/** They name places of this machine; buildpacks find bindings at `<platform>/bindings`. */
const BINDING_ROOTS = ['SERVICE_BINDING_ROOT', 'CNB_BINDINGS'];

/** What buildpacks learn of an environment: the builder's own and how to reach the network; without a builder this machine's. */
export function inheritedEnv({ machine }: BuildOptions, builder: Builder | undefined): Env {
  if (builder !== undefined) return { ...proxiesOf(machine), ...builder.env };
  return Object.fromEntries(Object.entries(definedEnv(machine.env)).filter(([name]) => !BINDING_ROOTS.includes(name)));
}

import type { Env } from '../../cnb/env.ts';
import { findForm } from '../../core/byte-search.ts';
import { secretForms, type Secret } from '../../core/secret-forms.ts';
import { definedEnv } from '../machine.ts';
import type { Builder } from './builder.ts';
import type { BuildOptions } from './options.ts';
import { proxiesOf } from './sources.ts';

/** They name places of this machine; buildpacks find bindings at `<platform>/bindings`. */
const BINDING_ROOTS = ['SERVICE_BINDING_ROOT', 'CNB_BINDINGS'];

/** What buildpacks learn of an environment: the builder's own and how to reach the network; without a builder this machine's. None has a secret. */
export function inheritedEnv({ machine }: BuildOptions, builder: Builder | undefined, secrets: readonly Secret[]): Env {
  if (builder !== undefined) return { ...proxiesOf(machine), ...builder.env };
  const forms = secretForms(secrets);
  return Object.fromEntries(
    Object.entries(definedEnv(machine.env)).filter(
      ([name, value]) => !BINDING_ROOTS.includes(name) && findForm(Buffer.from(value), forms) === undefined,
    ),
  );
}

import type { Context } from '../core/context.ts';
import type { Sandbox } from './sandbox.ts';

export type SandboxChoice = 'auto' | 'bubblewrap' | 'host';

export function chooseSandbox(_wanted: SandboxChoice, _ctx: Context): Promise<Sandbox> {
  return Promise.reject(new Error('not written yet'));
}

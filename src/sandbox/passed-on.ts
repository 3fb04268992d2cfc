import type { ChildRequest } from './child.ts';
import type { SandboxRequest } from './sandbox.ts';

/** What every strategy asks of its first process just as it was asked of itself. */
export function passedOn({
  limits,
  within,
  joinsOutput,
  isInteractive,
}: SandboxRequest): Pick<ChildRequest, 'wallMs' | 'within' | 'joinsOutput' | 'isInteractive'> {
  return {
    joinsOutput: joinsOutput ?? false,
    isInteractive: isInteractive ?? false,
    ...(limits?.wallMs === undefined ? {} : { wallMs: limits.wallMs }),
    ...(within === undefined ? {} : { within }),
  };
}

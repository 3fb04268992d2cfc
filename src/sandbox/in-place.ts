import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import { hostSandbox } from './host.ts';
import type { Sandbox, SandboxRequest } from './sandbox.ts';

/**
 * Runs commands where this program itself is, since that already is the builder image (a step of Tekton, a job of a CI system): the
 * container around it is all the isolation there is. Like `host`, but for who asks for the builder's root it is the right one.
 */
export function inPlaceSandbox(options: { readonly umask?: number } = {}): Sandbox {
  const host = hostSandbox(options);
  return {
    name: 'in-place',
    description: 'no isolation but that of this container, which is taken for the builder image',
    mapsPaths: false,
    run: (request, ctx) => run(request, host, ctx),
  };
}

function run(request: SandboxRequest, host: Sandbox, ctx: Context): ReturnType<Sandbox['run']> {
  if (request.network === 'none') {
    throw new SlipwayError('NOT_SUPPORTED', 'the in-place sandbox cannot switch the network off', {
      hint: 'switch it off for the container',
    });
  }
  return host.run({ ...request, root: { kind: 'host' } }, ctx);
}

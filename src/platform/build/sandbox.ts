import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import { credentialFiles } from '../../keychain/places.ts';
import { chooseSandbox } from '../../sandbox/choose.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import type { Builder } from './builder.ts';
import type { Machine } from '../machine.ts';
import { checkLimits, withLimits } from './limits.ts';
import type { BuildOptions } from './options.ts';

/** What it cannot do, before any work. */
export function refuseHostSandbox(options: BuildOptions): void {
  const { sandbox, builder, network } = options;
  checkLimits(options);
  if (sandbox === 'chroot') refuseChroot(builder !== undefined, network);
  if (sandbox !== 'host') return;
  if (builder !== undefined) {
    throw new SlipwayError('ARGUMENT_INVALID', '--sandbox host cannot run the buildpacks of a builder', {
      exit: 3,
      hint: 'they need the builder’s root file system: leave --sandbox host out',
    });
  }
  if (network === 'none') {
    throw new SlipwayError('ARGUMENT_INVALID', '--sandbox host cannot switch the network off', {
      hint: 'leave --network none out, or use --sandbox bubblewrap',
    });
  }
}

/** Nothing can be mounted there, and nothing be cut off. */
function refuseChroot(hasBuilder: boolean, network: BuildOptions['network']): void {
  if (!hasBuilder) {
    throw new SlipwayError('ARGUMENT_INVALID', '--sandbox chroot needs a builder', {
      exit: 3,
      hint: 'it changes the root directory to the builder’s: name one with --builder LOCATION',
    });
  }
  if (network === 'none') {
    throw new SlipwayError('ARGUMENT_INVALID', '--sandbox chroot cannot switch the network off', {
      hint: 'leave --network none out, or use --sandbox bubblewrap',
    });
  }
}

/** The sandbox that was asked for, or the best there is; credential stores stay out of it. */
export async function openSandbox(options: BuildOptions, builder: Builder | undefined, ctx: Context): Promise<Sandbox> {
  const { machine } = options;
  const wanted = options.sandbox ?? 'auto';
  const hide = hiddenFiles(machine);
  const root = builder === undefined ? {} : { root: { kind: 'directory', path: builder.root } as const };
  const sandbox = await chooseSandbox(wanted, ctx, { hide, network: options.network ?? 'host', ...root });
  return withLimits(sandbox, options, ctx);
}

/** Where credentials of this machine's user lie: no sandbox shows that. */
export function hiddenFiles(machine: Machine): readonly string[] {
  return [machine.env['DOCKER_CONFIG'] ?? '', ...credentialFiles(machine)].filter((path) => path.startsWith('/'));
}

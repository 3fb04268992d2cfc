import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import { pathKind } from '../../core/path-kind.ts';
import type { Owner } from '../../layer/place.ts';
import { parseGoInteger } from '../../options/go-values.ts';
import { definedEnv, type Machine } from '../machine.ts';
import { readBuilderFiles, type Builder } from './builder.ts';
import type { BuildOptions } from './options.ts';

/** `--sandbox in-place` takes the root that this program is in for the builder: nothing else may name one. Said before any work. */
export function checkInPlace({ builder, buildpacks, order, network }: BuildOptions): void {
  const other = Object.entries({ '--builder': builder, '--buildpacks': buildpacks, '--order': order }).find(
    ([, value]) => value !== undefined,
  );
  if (other !== undefined) {
    throw new SlipwayError('ARGUMENT_INVALID', `--sandbox in-place cannot be used with ${other[0]}`, {
      exit: 3,
      hint: `in place means: this container is the builder image. Leave ${other[0]} out, or leave --sandbox in-place out`,
    });
  }
  if (network !== 'none') return;
  throw new SlipwayError('ARGUMENT_INVALID', '--sandbox in-place cannot switch the network off', {
    exit: 3,
    hint: 'switch it off for the container',
  });
}

/**
 * The builder image that this program is in already, as a step of Tekton or a job of a CI system is. Throws `SANDBOX_UNAVAILABLE` where
 * it is in none.
 */
export async function openInPlaceBuilder(machine: Machine, ctx: Context): Promise<Builder> {
  if ((await pathKind('/cnb/order.toml')) !== 'file') {
    throw new SlipwayError(
      'SANDBOX_UNAVAILABLE',
      'this is not the inside of a builder image: there is no /cnb/order.toml',
      {
        hint: 'start the job in the builder image, or name it with --builder LOCATION in the place of --sandbox in-place',
      },
    );
  }
  const user = buildUser(machine);
  const files = await readBuilderFiles('/', 'this container', user, ctx);
  const own = definedEnv(machine.env);
  // Whoever gives root up gets another home.
  const env = machine.uid === 0 ? { ...own, ...files.env } : { ...files.env, ...own };
  return { ...files, env, [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** Who the builder image says builds, which is the owner in the image that is made; root becomes that user. */
function buildUser({ env, uid, gid }: Machine): Owner {
  const own = uid === 0 ? { uid: 1000, gid: 1000 } : { uid, gid };
  return {
    uid: parseGoInteger(env['CNB_USER_ID'] ?? '') ?? own.uid,
    gid: parseGoInteger(env['CNB_GROUP_ID'] ?? '') ?? own.gid,
  };
}

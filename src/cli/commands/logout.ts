import type { Context } from '../../core/context.ts';
import { createKeychain } from '../../keychain/keychain.ts';
import { eraseLogin, loginFile } from '../../keychain/login-file.ts';
import { formatLoginTarget, parseLoginTarget } from '../../keychain/login-target.ts';
import type { CommandValues } from '../../options/command-values.ts';
import type { Terminal } from '../../term/terminal.ts';
import { thisMachine } from '../this-machine.ts';

/** `slipway logout HOST[/PATH]`: says where credentials were, and where there are still some. */
export async function runLogoutCommand(values: CommandValues, ctx: Context, terminal: Terminal): Promise<number> {
  const machine = thisMachine(ctx.tmp);
  const target = parseLoginTarget(values.positionals[0] ?? '');
  const name = formatLoginTarget(target);
  const authFile = values.text('authfile');
  const file = loginFile({ ...machine, ...(authFile === undefined ? {} : { authFile }) });
  const removedFrom = await eraseLogin(file, target, machine.env, ctx);
  const wanted = { registry: target.registry, repository: target.path };
  const left = (await createKeychain(machine).explain(wanted, ctx)).find(({ isUsed }) => isUsed);
  if (values.boolean('json')) {
    terminal.out(
      `${JSON.stringify({ registry: name, removedFrom, ...(left === undefined ? {} : { left: left.place }) })}\n`,
    );
    return 0;
  }
  if (values.boolean('quiet')) return 0;
  terminal.out(
    removedFrom.length === 0
      ? `there were no credentials for ${name} in ${file.path}\n`
      : `removed the credentials for ${name} from ${removedFrom.join(' and ')}\n`,
  );
  if (left !== undefined) terminal.err(`note: there are still some: ${left.place}: ${left.found}\n`);
  return 0;
}

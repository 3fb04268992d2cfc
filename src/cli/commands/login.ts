import type { Context } from '../../core/context.ts';
import { hasCode, SlipwayError } from '../../core/errors.ts';
import { loginFile, storeLogin } from '../../keychain/login-file.ts';
import { formatLoginTarget, parseLoginTarget } from '../../keychain/login-target.ts';
import type { CommandValues } from '../../options/command-values.ts';
import { readRegistryFlags } from '../../options/registry-flags.ts';
import { registryOptions } from '../../platform/stores.ts';
import { createRegistryClient } from '../../registry/client.ts';
import type { Terminal } from '../../term/terminal.ts';
import { askPassword, readPasswordInput } from '../read-password.ts';
import { thisMachine } from '../this-machine.ts';

/** `slipway login HOST[/PATH]`: nothing is kept that the registry refuses. */
export async function runLoginCommand(values: CommandValues, ctx: Context, terminal: Terminal): Promise<number> {
  const machine = thisMachine(ctx.tmp);
  const target = parseLoginTarget(values.positionals[0] ?? '');
  const name = formatLoginTarget(target);
  const authFile = values.text('authfile');
  const file = loginFile({ ...machine, ...(authFile === undefined ? {} : { authFile }) });
  const username = values.text('username');
  if (username === undefined || username === '' || username.includes(':'))
    throw new SlipwayError('ARGUMENT_INVALID', 'slipway login needs --username NAME, and a name has no colon', {
      hint: `slipway login ${name} --username NAME --password-stdin`,
    });
  const password = await passwordFor(values, terminal, ctx);
  const isChecked = await check(target.registry, { username, password }, { values, machine }, ctx);
  const where = await storeLogin(file, { target, username, password }, machine.env, ctx);
  if (values.boolean('json'))
    terminal.out(`${JSON.stringify({ registry: name, username, storedIn: where, isChecked })}\n`);
  else if (!values.boolean('quiet')) {
    terminal.out(`logged in to ${name} as ${username}; the credentials are in ${where}\n`);
    if (!isChecked)
      terminal.err(`note: ${target.registry} asks nobody for credentials, so they could not be checked\n`);
  }
  return 0;
}

async function passwordFor(values: CommandValues, terminal: Terminal, ctx: Context): Promise<string> {
  const password = values.boolean('password-stdin') ? await readPasswordInput(ctx) : await askPassword(terminal, ctx);
  if (password === undefined)
    throw new SlipwayError('ARGUMENT_INVALID', 'there is no terminal to ask for the password', {
      hint: 'give it on standard input: slipway login … --password-stdin < FILE',
    });
  if (password === '') throw new SlipwayError('ARGUMENT_INVALID', 'the password is empty');
  return password;
}

/** Whether the registry took them: false where it asks for none. Throws when it refuses. */
async function check(
  registry: string,
  login: { readonly username: string; readonly password: string },
  { values, machine }: { readonly values: CommandValues; readonly machine: ReturnType<typeof thisMachine> },
  ctx: Context,
): Promise<boolean> {
  const flags = readRegistryFlags(values);
  const keychain = { find: () => Promise.resolve({ credentials: { kind: 'basic', ...login } as const, trace: [] }) };
  await using client = createRegistryClient(registryOptions(machine, ctx.product, { ...flags, keychain }));
  try {
    const { challenge } = await client.probe(registry, undefined, ctx);
    return challenge !== undefined;
  } catch (error) {
    if (!hasCode(error, 'REGISTRY_UNAUTHORIZED') || error.hint?.kind !== 'log-in') throw error;
    throw new SlipwayError('REGISTRY_UNAUTHORIZED', `${registry} refused name and password of ${login.username}`, {
      cause: error,
      details: error.details,
      hint: 'check them; many registries want an access token in the place of the password',
    });
  }
}

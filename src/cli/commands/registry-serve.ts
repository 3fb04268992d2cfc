import { resolve } from 'node:path';
import { once } from 'node:events';
import type { Context } from '../../core/context.ts';
import type { CommandValues } from '../../options/command-values.ts';
import { layoutBackend, serveRegistry } from '../../registryd/serve.ts';
import type { Terminal } from '../../term/terminal.ts';

/** `slipway registry serve DIR`: prints the URL, answers until it is stopped. */
export async function runServeCommand(values: CommandValues, ctx: Context, terminal: Terminal): Promise<number> {
  const directory = resolve(values.positionals[0] ?? '.');
  await using server = await serveRegistry(layoutBackend(directory), ctx, {
    listen: values.text('listen') ?? '127.0.0.1:5000',
    readOnly: values.boolean('read-only'),
    onRequest: ({ method, path, status }) =>
      ctx.emit({ type: 'log', level: 'info', message: `${method} ${path} ${String(status)}` }),
  });
  terminal.out(`${server.url}\n`);
  if (!ctx.signal.aborted) await once(ctx.signal, 'abort');
  return 0;
}

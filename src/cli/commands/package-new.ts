import { resolve } from 'node:path';
import { BUILDPACK_APIS } from '../../cnb/features.ts';
import { escapeId, type ModuleKind } from '../../cnb/module.ts';
import { SlipwayError } from '../../core/errors.ts';
import { parsePlatform } from '../../oci/platform.ts';
import { scaffold } from '../../platform/scaffold/scaffold.ts';
import { thisMachine } from '../this-machine.ts';
import type { CommandTask } from './command-task.ts';

const TARGETS: readonly string[] = ['linux/amd64', 'linux/arm64'];

/** `slipway buildpack new ID`, `slipway extension new ID`: prints the files that it wrote. */
export function newTask(kind: ModuleKind): CommandTask {
  return async (values, ctx, terminal) => {
    const [id = ''] = values.positionals;
    const api = values.text('api') ?? '';
    if (!BUILDPACK_APIS.includes(api))
      throw new SlipwayError('ARGUMENT_INVALID', `Buildpack API "${api}" is not supported`, {
        exit: 3,
        hint: `choose one of ${BUILDPACK_APIS.join(', ')}`,
      });
    const asked = values.list('targets');
    const template = kind === 'buildpack' && values.text('template') === 'node' ? 'node' : 'sh';
    const choice = {
      kind,
      id,
      api,
      version: values.text('version') ?? '',
      targets: (asked.length === 0 ? TARGETS : asked).map(parsePlatform),
      template,
    } as const;
    const { cwd } = thisMachine(ctx.tmp);
    const files = await scaffold(choice, resolve(cwd, values.text('path') ?? escapeId(id)));
    if (values.boolean('json')) terminal.out(`${JSON.stringify({ id, files })}\n`);
    else if (!values.boolean('quiet')) for (const file of files) terminal.out(`${file}\n`);
    return 0;
  };
}

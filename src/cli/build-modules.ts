import { csvFields } from '../options/build/csv-fields.ts';
import type { CommandValues } from '../options/command-values.ts';
import type { Machine } from '../platform/machine.ts';
import type { ModuleRequest, ModuleRequests } from '../platform/modules/module-request.ts';

/** The flags of `slipway build` that name buildpacks and extensions; each value may be a list with commas, as pack's. */
export function readBuildModules(values: CommandValues, machine: Machine): { readonly modules: ModuleRequests } {
  const read = (flag: string): readonly ModuleRequest[] =>
    values
      .list(flag)
      .flatMap((text) => csvFields(text, ',', flag))
      .map((text) => ({ kind: 'locator', text: text.trim(), base: machine.cwd }));
  return {
    modules: {
      group: read('buildpack'),
      pre: read('pre-buildpack'),
      post: read('post-buildpack'),
      extensions: read('extension'),
    },
  };
}

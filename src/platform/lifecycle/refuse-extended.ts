import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../../core/context.ts';
import { isSystem, SlipwayError } from '../../core/errors.ts';
import type { ExporterInputs } from '../../options/phase-inputs.ts';
import { guardExperimental, type Host } from './host.ts';

/**
 * A run image that an extender left in `<extended>/run` (contract §1.3): an experiment below Platform API 0.13, and exporting without
 * it would make another image than was asked for. Throws `FEATURE_EXPERIMENTAL` (exit 1), else `NOT_SUPPORTED` (exit 62).
 */
export async function refuseExtended(inputs: ExporterInputs, host: Host, ctx: Context): Promise<void> {
  const directory = join(inputs.extendedDir, 'run');
  if (!(await hasEntries(directory))) return;
  const hint = `remove ${directory} to export without the extensions`;
  if (!inputs.features.hasStableExtensions) guardExperimental({ feature: 'Dockerfiles', hint }, host, ctx);
  throw new SlipwayError(
    'NOT_SUPPORTED',
    `${directory} holds an extended run image, which this version cannot export`,
    {
      exit: 62,
      hint,
    },
  );
}

async function hasEntries(directory: string): Promise<boolean> {
  try {
    return (await readdir(directory)).length > 0;
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}

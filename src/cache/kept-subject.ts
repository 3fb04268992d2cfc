import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystem } from '../core/errors.ts';
import { ObjectReader } from '../schema/reader.ts';

/** What failed in a build that was kept: `bin/build of acme/node@2.1.0`; undefined where that cannot be read. */
export async function keptSubject(path: string): Promise<string | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(join(path, 'step.json'), 'utf8'));
    const reader = new ObjectReader(value).object('step');
    const [phase, module] = [reader.string('phase'), reader.string('module')];
    return reader.issues.length > 0 ? undefined : `bin/${phase} of ${module}`;
  } catch (error) {
    if (error instanceof SyntaxError || isSystem(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return undefined;
    throw error;
  }
}

import { readFileSync } from 'node:fs';
import { isSystem } from '../core/errors.ts';

/** The first child of a process, where the kernel tells; undefined when it has none. */
export function firstChildOf(pid: number): number | undefined {
  try {
    const [child = ''] = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8').split(' ');
    return child === '' ? undefined : Number(child);
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}

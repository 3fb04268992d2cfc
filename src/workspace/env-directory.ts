import type { EnvFile } from '../cnb/env.ts';

/** The files of an environment directory in byte order of their names; [] when it does not exist (contract §7.4, §12.3). */
export function readEnvDirectory(_directory: string): Promise<readonly EnvFile[]> {
  throw new Error('not yet');
}

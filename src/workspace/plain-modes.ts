import { chmod, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Modes as git keeps them: 0755 for directories and for what its owner may run, 0644 for other files. The umask has no say then. */
export async function plainModes(path: string): Promise<void> {
  const stats = await lstat(path);
  if (stats.isSymbolicLink()) return;
  await chmod(path, stats.isDirectory() || (stats.mode & 0o100) !== 0 ? 0o755 : 0o644);
  if (!stats.isDirectory()) return;
  for (const name of await readdir(path)) await plainModes(join(path, name));
}

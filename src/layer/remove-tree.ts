import { chmodSync, lstatSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import type { Context } from '../core/context.ts';
import { isSystem } from '../core/errors.ts';
import { createPacer, type Pacer } from './pacer.ts';

const SLASH = Buffer.from('/');

/**
 * Removes a directory tree that is ours, whatever modes are in it; nothing happens when it is not there. In memory for one directory at
 * a time: Node's own recursive removal holds a promise for every file of a large tree. Goes on when the signal is aborted.
 */
export async function removeTree(path: string, ctx: Context): Promise<void> {
  const root = Buffer.from(path);
  const stats = lstatSync(root, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (stats.isDirectory()) await removeDirectory(root, createPacer({ ...ctx, signal: new AbortController().signal }));
  else unlinkSync(root);
}

async function removeDirectory(directory: Buffer, pacer: Pacer): Promise<void> {
  for (const entry of entriesOf(directory)) {
    const path = Buffer.concat([directory, SLASH, entry.name]);
    if (entry.isDirectory()) await removeDirectory(path, pacer);
    else unlinkSync(path);
    await pacer.pause();
  }
  rmdirSync(directory);
}

/** The entries; a directory that its owner may not enter or change is opened up first. */
function entriesOf(directory: Buffer): ReturnType<typeof list> {
  const { mode } = lstatSync(directory);
  try {
    if ((mode & 0o700) !== 0o700) chmodSync(directory, 0o700);
  } catch (error) {
    if (!isSystem(error, 'EPERM')) throw error;
  }
  return list(directory);
}

function list(directory: Buffer): readonly { readonly name: Buffer; readonly isDirectory: () => boolean }[] {
  return readdirSync(directory, { withFileTypes: true, encoding: 'buffer' });
}

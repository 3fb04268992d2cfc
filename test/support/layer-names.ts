import assert from 'node:assert/strict';
import type { Context } from '../../src/core/context.ts';
import { collect } from '../../src/core/bytes.ts';
import { openTar } from '../../src/layer/open-tar.ts';
import type { Layer } from '../../src/ports/blob.ts';
import { readTar } from '../../src/tar/reader.ts';

/** The entries of a layer, in its order: `file 0:0 755 /cnb/x`. */
export async function layerNames(layer: Layer | undefined, ctx: Context): Promise<readonly string[]> {
  assert.ok(layer !== undefined);
  const names: string[] = [];
  for await (const { header } of readTar(openTar(layer, ctx), 'layer')) {
    const { type, uid, gid, mode, name } = header;
    names.push(`${type} ${String(uid)}:${String(gid)} ${mode.toString(8)} ${Buffer.from(name).toString()}`);
  }
  return names;
}

/** The bytes of one file of a layer, as text. */
export async function layerFile(layer: Layer | undefined, path: string, ctx: Context): Promise<string> {
  assert.ok(layer !== undefined);
  for await (const { header, body } of readTar(openTar(layer, ctx), 'layer'))
    if (Buffer.from(header.name).toString() === path) return (await collect(body, 1e6, path)).toString();
  throw new Error(`there is no ${path}`);
}

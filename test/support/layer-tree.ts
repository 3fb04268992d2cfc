import { spawnSync } from 'node:child_process';
import { gunzipSync } from 'node:zlib';
import { collect } from '../../src/core/bytes.ts';
import type { Layer } from '../../src/ports/blob.ts';
import { readTar } from '../../src/tar/reader.ts';
import { streamOf } from '../../src/core/bytes.ts';
import { virtualParents, type Place } from '../../src/layer/place.ts';

/** A place whose parents are virtual: what `slipway build` uses. */
export function virtualPlace(logical: string, real: string): Place {
  const owner = { uid: 1000, gid: 1000 };
  return { logical, real, owner, parents: virtualParents(logical, owner) };
}

/** The bytes of a layer's tar. */
export async function tarOf(layer: Layer): Promise<Buffer> {
  const bytes = await collect(layer.open(), 1e9, 'layer');
  return layer.descriptor.mediaType.endsWith('gzip') ? gunzipSync(bytes) : bytes;
}

/** `type mode uid:gid name[->link]` of every entry. */
export async function listing(layer: Layer): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const { header } of readTar(streamOf(await tarOf(layer)), 'layer')) {
    const link = header.linkname.length === 0 ? '' : `->${Buffer.from(header.linkname).toString()}`;
    const name = Buffer.from(header.name).toString();
    lines.push(`${header.type} ${header.mode.toString(8)} ${String(header.uid)}:${String(header.gid)} ${name}${link}`);
  }
  return lines;
}

/** Unpacks one of the recorded apps with the modes it was recorded with. */
export function unpackGoldenApp(name: string, directory: string): void {
  const result = spawnSync('tar', ['xpf', `testdata/golden/fixtures/${name}`, '--no-same-owner', '-C', directory]);
  if (result.status !== 0) throw new Error(String(result.stderr));
}

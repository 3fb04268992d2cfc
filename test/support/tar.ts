import { gzipSync } from 'node:zlib';
import { streamOf } from '../../src/core/bytes.ts';
import { digestOf, parseDiffId } from '../../src/oci/digest.ts';
import { layerMediaType } from '../../src/oci/media-types.ts';
import type { Layer } from '../../src/ports/blob.ts';
import { encodeHeader, END_OF_ARCHIVE, type TarHeader } from '../../src/tar/header.ts';
import { writeChecksum } from '../../src/tar/ustar.ts';

export type EntryFields = Partial<Omit<TarHeader, 'name' | 'linkname'>> & {
  readonly name: string | Buffer;
  readonly linkname?: string;
  readonly body?: string | Buffer;
};

/** An entry with its body and padding, as the encoder writes it. */
export function entry(fields: EntryFields): Buffer {
  const { name, linkname = '', body = '', ...rest } = fields;
  const bytes = Buffer.from(body);
  const header: TarHeader = {
    type: 'file',
    mode: rest.type === 'directory' ? 0o755 : 0o644,
    uid: 0,
    gid: 0,
    size: bytes.length,
    ...rest,
    name: Buffer.from(name),
    linkname: Buffer.from(linkname),
  };
  return Buffer.concat([encodeHeader(header), padded(bytes)]);
}

/** A header block whose fields are overwritten raw, with the right checksum: `{at: [offset, bytes]}` pairs. */
export function patched(block: Buffer, patches: readonly (readonly [number, string])[]): Buffer {
  const copy = Buffer.from(block);
  for (const [offset, text] of patches) copy.write(text, offset, 'latin1');
  writeChecksum(copy, 0);
  return copy;
}

/** An extended header (`x`, `g`, `L`, `K`, …) with its padded body. */
export function extended(flag: string, body: string | Buffer): Buffer {
  const bytes = Buffer.from(body);
  const header = encodeHeader({
    name: Buffer.from('extended'),
    type: 'file',
    mode: 0,
    uid: 0,
    gid: 0,
    size: bytes.length,
    linkname: Buffer.alloc(0),
  });
  return Buffer.concat([patched(Buffer.from(header), [[156, flag]]), padded(bytes)]);
}

/** One PAX record. */
export function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = Buffer.byteLength(rest) + 1;
  while (String(length).length + Buffer.byteLength(rest) !== length) length += 1;
  return `${String(length)}${rest}`;
}

export function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

export function archive(...parts: readonly Buffer[]): Buffer {
  return Buffer.concat([...parts, END_OF_ARCHIVE]);
}

/** A gzip layer in memory that holds this tar; every part can be made to lie. */
export function layerOf(tar: Buffer, lies: { mediaType?: string; bytes?: Buffer; diffId?: string } = {}): Layer {
  const bytes = lies.bytes ?? gzipSync(tar);
  return {
    descriptor: {
      mediaType: lies.mediaType ?? layerMediaType('oci', 'gzip'),
      digest: digestOf(bytes),
      size: bytes.length,
    },
    diffId: parseDiffId(lies.diffId ?? digestOf(tar)),
    origins: [],
    open: () => streamOf(bytes),
  };
}

import { extract } from 'tar-stream';

/** The fields of a header block that need no judgement; numbers may be NaN or negative. */
export interface DecodedHeader {
  /** Latin-1 text, one character a byte; with the ustar prefix. */
  readonly name: string;
  readonly linkname: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds. */
  readonly mtime: number;
  readonly devMajor: number;
  readonly devMinor: number;
}

/** Decodes header blocks, one at a time and in order. */
export interface HeaderDecoder {
  readonly decode: (block: Uint8Array) => Promise<DecodedHeader>;
  readonly close: () => void;
}

/** Latin-1 keeps the bytes of names; v7 headers have no magic. tar-stream's own types know neither option. */
const OPTIONS = { highWaterMark: 16384, filenameEncoding: 'latin1', allowUnknownFormat: true };

/**
 * tar-stream as a decoder of single blocks: v7, ustar and GNU forms. It must only see blocks of plain entries whose size field is 0,
 * because with bodies it waits for ever (directory with a size) or swallows the next header (link with a size).
 */
export function openHeaderDecoder(): HeaderDecoder {
  const stream = extract(OPTIONS);
  let waiting:
    { readonly resolve: (header: DecodedHeader) => void; readonly reject: (error: Error) => void } | undefined;
  stream.on('entry', (header, _body, next) => {
    // Null when the field is empty, whatever the types say.
    const linkname: unknown = header.linkname;
    waiting?.resolve({
      name: header.name,
      linkname: typeof linkname === 'string' ? linkname : '',
      mode: header.mode,
      uid: header.uid,
      gid: header.gid,
      mtime: Math.floor(header.mtime.getTime() / 1000),
      devMajor: header.devmajor,
      devMinor: header.devminor,
    });
    next();
  });
  stream.on('error', (error: Error) => waiting?.reject(error));
  stream.on('close', () => waiting?.reject(new Error('the header decoder is closed')));
  return {
    decode: (block) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        stream.write(block);
      }),
    close: () => {
      stream.destroy();
    },
  };
}

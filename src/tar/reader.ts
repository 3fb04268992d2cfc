import { messageOf, SlipwayError } from '../core/errors.ts';
import { ByteSource } from './byte-source.ts';
import { guardBlock, isZeroBlock, withoutSize, type Fail } from './guard.ts';
import { headerOf, textOf, type Extended } from './entry-header.ts';
import type { TarHeader } from './header.ts';
import type { DecodedHeader, HeaderDecoder } from './header-decoder.ts';
import { decodePlainHeader } from './plain-header.ts';
import { parsePaxRecords, type PaxRecords } from './pax-records.ts';
import { BLOCK_SIZE } from './ustar.ts';

export interface TarReadEntry {
  /** `name` as in the archive, but without the trailing slashes of a directory. `size` is what `body` yields. */
  readonly header: TarHeader;
  /** The entry's PAX records; values that are not UTF-8 as latin-1. */
  readonly pax: Readonly<Record<string, string>>;
  /** May be read once, before the next entry is asked for; what is not read is skipped. */
  readonly body: TarBody;
}

export interface TarBody extends AsyncIterable<Uint8Array> {
  /** The whole body when it is in memory already, as a view to be used at once; else undefined, and nothing is read. */
  readonly inMemory: () => Uint8Array | undefined;
}

export interface ReadTarOptions {
  /**
   * `'optional'` accepts an archive that ends after a whole entry without an end marker: only where a digest proves that nothing was
   * cut off. Default: `ARCHIVE_INVALID`.
   */
  readonly endMarker?: 'optional';
}

/** Longest extended header that is read, as in Go. */
const MAX_EXTENDED = 1024 * 1024;
/** Records of a global header that would change what other entries are: readers disagree on them. */
const GLOBAL_REFUSED: readonly string[] = ['path', 'linkpath', 'size'];

/**
 * Reads any tar (v7, ustar, PAX, GNU), one entry after the other, in bounded memory. Where readers differ it does what Go's does: types
 * other than files have no body whatever their size says, the first zero block ends the archive and what follows is drained unseen,
 * global PAX records are ignored. Throws `ARCHIVE_INVALID` for damage, truncation, sparse files and unknown types, `ARCHIVE_UNSAFE` for
 * a name with a NUL byte; both name `subject` and the entry.
 */
export async function* readTar(
  source: AsyncIterable<Uint8Array>,
  subject: string,
  options: ReadTarOptions = {},
): AsyncIterable<TarReadEntry> {
  const input = new ByteSource(source, subject);
  const decoder = new RareDecoder();
  let extended = noExtended();
  let isPending = false;
  try {
    for (;;) {
      const offset = input.offset;
      const fail: Fail = (problem) =>
        new SlipwayError('ARCHIVE_INVALID', `${subject}: the entry at byte ${String(offset)} ${problem}`);
      const block = input.present(BLOCK_SIZE) ?? (await input.exactly(BLOCK_SIZE));
      if (block === undefined || isZeroBlock(block)) {
        if (isPending) throw fail('has an extended header and then nothing');
        if (block === undefined && options.endMarker !== 'optional') {
          throw new SlipwayError('ARCHIVE_INVALID', `${subject} is truncated: it has no end-of-archive marker`);
        }
        if (block !== undefined) await input.drain();
        return;
      }
      const { kind, size } = guardBlock(block, fail);
      switch (kind.kind) {
        case 'pax':
          extended.pax = recordsOf(await readExtended(input, size, fail), fail);
          break;
        case 'global-pax':
          checkGlobal(recordsOf(await readExtended(input, size, fail), fail), fail);
          continue;
        case 'long-name':
          extended.longName = untilNul(await readExtended(input, size, fail));
          break;
        case 'long-link':
          extended.longLink = untilNul(await readExtended(input, size, fail));
          break;
        case 'volume-label':
          continue;
        case 'refused':
          throw fail(kind.reason);
        case 'old':
        case 'entry': {
          const decoded = decodePlainHeader(block) ?? (await decoder.decode(block, fail));
          const type = kind.kind === 'old' ? 'old' : kind.type;
          const header = headerOf({ type, size, decoded, extended, fail });
          const body = new EntryBody(input, header.size);
          yield { header, pax: textOf(extended.pax), body };
          const rest = body.finish();
          if (input.present(rest) === undefined) await input.skip(rest);
          extended = noExtended();
          isPending = false;
          continue;
        }
      }
      isPending = true;
    }
  } finally {
    decoder.close();
    await input.close();
  }
}

class EntryBody implements TarBody {
  readonly #input: ByteSource;
  readonly #padding: number;
  #rest: number;
  #isPast = false;

  constructor(input: ByteSource, size: number) {
    this.#input = input;
    this.#rest = size;
    this.#padding = (BLOCK_SIZE - (size % BLOCK_SIZE)) % BLOCK_SIZE;
  }

  inMemory(): Uint8Array | undefined {
    this.#refuseLate();
    const bytes = this.#input.present(this.#rest);
    if (bytes !== undefined) this.#rest = 0;
    return bytes;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    this.#refuseLate();
    while (this.#rest > 0) {
      const part = await this.#input.upTo(this.#rest);
      this.#rest -= part.length;
      yield part;
    }
  }

  /** How many bytes there are to skip before the next header. */
  finish(): number {
    const rest = this.#rest + this.#padding;
    this.#rest = 0;
    this.#isPast = true;
    return rest;
  }

  #refuseLate(): void {
    if (this.#isPast) throw new Error('the body of a tar entry was read after the next entry');
  }
}

/** The general decoder, loaded and opened for the first block that `decodePlainHeader` leaves to it. */
class RareDecoder {
  #opened: HeaderDecoder | undefined;

  async decode(block: Uint8Array, fail: Fail): Promise<DecodedHeader> {
    this.#opened ??= (await import('./header-decoder.ts')).openHeaderDecoder();
    try {
      return await this.#opened.decode(withoutSize(block));
    } catch (error) {
      throw fail(`cannot be decoded: ${messageOf(error)}`);
    }
  }

  close(): void {
    this.#opened?.close();
  }
}

async function readExtended(input: ByteSource, size: number, fail: Fail): Promise<Uint8Array> {
  if (size > MAX_EXTENDED) throw fail(`has an extended header of ${String(size)} bytes, more than 1 MiB`);
  const padded = Math.ceil(size / BLOCK_SIZE) * BLOCK_SIZE;
  if (padded === 0) return new Uint8Array(0);
  const bytes = input.present(padded) ?? (await input.exactly(padded));
  if (bytes === undefined) throw fail('has a truncated extended header');
  return bytes.subarray(0, size);
}

function recordsOf(bytes: Uint8Array, fail: Fail): PaxRecords {
  const records = parsePaxRecords(bytes);
  if (records === undefined) throw fail('has a malformed PAX header');
  return records;
}

function checkGlobal(records: PaxRecords, fail: Fail): void {
  const refused = [...records.keys()].find((key) => GLOBAL_REFUSED.includes(key) || key.startsWith('GNU.sparse.'));
  if (refused !== undefined) throw fail(`is a global PAX header that sets ${refused} for all entries`);
}

function noExtended(): Extended {
  return { pax: new Map(), longName: undefined, longLink: undefined };
}

function untilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('latin1');
}

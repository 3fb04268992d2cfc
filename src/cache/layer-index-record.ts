import { createHash } from 'node:crypto';
import { isDiffId, parseDiffId } from '../oci/digest.ts';
import { descriptorToJson, readDescriptor } from '../oci/descriptor.ts';
import type { IndexedBlob, IndexRecord } from '../ports/layer-index.ts';
import { ObjectReader } from '../schema/reader.ts';

const NO_DIFF_ID = parseDiffId(`sha256:${'0'.repeat(64)}`);

/** One line of JSON after one line with its sha256, so that damage is seen. */
export function encodeIndexRecord(record: IndexRecord): string {
  const { scannedNs, newestNs, selector, shape, diffId, blobs } = record;
  const body = `${JSON.stringify({
    version: 1,
    scanned: String(scannedNs),
    newest: String(newestNs),
    selector,
    shape,
    diffId,
    blobs: blobs.map(({ format, descriptor: { mediaType, digest, size } }) => ({
      ...(format === undefined ? {} : { format }),
      ...descriptorToJson({ mediaType, digest, size }),
    })),
  })}\n`;
  return `${sha256(body)}\n${body}`;
}

/** Undefined for what is damaged, or of another version. */
export function decodeIndexRecord(bytes: Uint8Array): IndexRecord | undefined {
  const text = Buffer.from(bytes).toString('utf8');
  const body = text.slice(65);
  if (text.slice(0, 65) !== `${sha256(body)}\n`) return undefined;
  const value: unknown = JSON.parse(body);
  const reader = new ObjectReader(value);
  const diffId = reader.string('diffId');
  const record = {
    scannedNs: nanoseconds(reader, 'scanned'),
    newestNs: nanoseconds(reader, 'newest'),
    selector: reader.string('selector'),
    shape: reader.string('shape'),
    diffId: isDiffId(diffId) ? diffId : NO_DIFF_ID,
    blobs: reader.list('blobs', readBlob),
  };
  if (reader.safeInteger('version') !== 1 || !isDiffId(diffId) || reader.issues.length > 0) return undefined;
  return record;
}

function readBlob(reader: ObjectReader): IndexedBlob {
  return { format: reader.optionalString('format'), descriptor: readDescriptor(reader) };
}

function nanoseconds(reader: ObjectReader, key: string): bigint {
  const text = reader.string(key);
  if (/^\d{1,20}$/.test(text)) return BigInt(text);
  reader.issue(key, 'is no time');
  return 0n;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

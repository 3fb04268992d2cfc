import type { MemoPart } from '../../cache/memo-record.ts';
import { digestOf, type Digest } from '../../oci/digest.ts';

/** Of what the key is made; another number when a part means something else than before. */
const FORMAT = 1;

/** The name under which the image of these parts is remembered. */
export function memoKey(parts: readonly MemoPart[]): Digest {
  const text = JSON.stringify(['slipway memo', FORMAT, parts.map(({ name, value }) => [name, value])]);
  return digestOf(Buffer.from(text));
}

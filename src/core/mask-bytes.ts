import type { SecretForm } from './secret-forms.ts';

/** Bytes that come in pieces, with every secret replaced. */
export interface ByteMask {
  /** What can be shown by now: bytes that may begin a secret wait for those after them. */
  readonly push: (chunk: Uint8Array) => Buffer;
  /** What waited. */
  readonly end: () => Buffer;
}

const MASK = Buffer.from('***');

export function openMask(forms: readonly SecretForm[]): ByteMask {
  // Of two that begin together the longer one is the secret.
  const ordered = [...forms].map(({ bytes }) => bytes).sort((a, b) => b.length - a.length);
  let held = Buffer.alloc(0);
  return {
    push: (chunk) => {
      const bytes = Buffer.concat([held, chunk]);
      const { shown, rest } = maskAll(bytes, ordered);
      const waiting = beginningLength(rest, ordered);
      held = Buffer.from(rest.subarray(rest.length - waiting));
      return Buffer.concat([...shown, rest.subarray(0, rest.length - waiting)]);
    },
    end: () => {
      const last = held;
      held = Buffer.alloc(0);
      return last;
    },
  };
}

/** A text with every secret replaced. */
export function maskText(text: string, forms: readonly SecretForm[]): string {
  const mask = openMask(forms);
  const shown = mask.push(Buffer.from(text));
  return Buffer.concat([shown, mask.end()]).toString();
}

interface Masked {
  readonly shown: readonly Buffer[];
  /** After the last secret. */
  readonly rest: Buffer;
}

function maskAll(bytes: Buffer, ordered: readonly Buffer[]): Masked {
  const shown: Buffer[] = [];
  let rest = bytes;
  for (let hit = firstHit(rest, ordered); hit !== undefined; hit = firstHit(rest, ordered)) {
    shown.push(rest.subarray(0, hit.at), MASK);
    rest = rest.subarray(hit.at + hit.length);
  }
  return { shown, rest };
}

function firstHit(
  bytes: Buffer,
  ordered: readonly Buffer[],
): { readonly at: number; readonly length: number } | undefined {
  let first: { readonly at: number; readonly length: number } | undefined;
  for (const form of ordered) {
    const at = bytes.indexOf(form);
    if (at >= 0 && (first === undefined || at < first.at)) first = { at, length: form.length };
  }
  return first;
}

/** How many of the last bytes may be the beginning of a secret. */
function beginningLength(bytes: Buffer, ordered: readonly Buffer[]): number {
  const longest = Math.min(bytes.length, (ordered[0]?.length ?? 1) - 1);
  for (let length = longest; length > 0; length -= 1) {
    const end = bytes.subarray(bytes.length - length);
    if (ordered.some((form) => form.length > length && form[0] === end[0] && form.subarray(0, length).equals(end)))
      return length;
  }
  return 0;
}

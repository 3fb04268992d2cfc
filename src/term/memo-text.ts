import type { ChangedPart, MemoFinding } from '../core/events.ts';
import { shortDigest } from './amounts.ts';

/** What is known of a build, for people: labels and texts. `verbose`: with all that the key is made of. */
export function memoLines(
  finding: MemoFinding,
  { arrow, verbose }: { readonly arrow: string; readonly verbose: boolean },
): readonly (readonly [string, string])[] {
  const { verdict, reason, digest, key, changed, parts } = finding;
  const head = [verdict, ...(digest === undefined ? [] : [shortDigest(digest)]), reason].join('   ');
  return [
    ['memo', head],
    ...changed.map((part) => ['', changeText(part, arrow)] as const),
    ...(verbose && key !== undefined ? [['memo key', key] as const] : []),
    ...(verbose ? parts.map(({ name, value }) => ['', `${name}: ${value}`] as const) : []),
  ];
}

function changeText({ part, before, after, note }: ChangedPart, arrow: string): string {
  if (note !== undefined) return `${part}: ${note}`;
  return `${part}: ${before === undefined ? '' : `${short(before)} ${arrow} `}${short(after)}`;
}

/** Digests are cut; what else is in a value stays. */
function short(value: string): string {
  return value.replace(/\b((?:sha256|scrypt):[0-9a-f]{12})[0-9a-f]+/g, '$1');
}

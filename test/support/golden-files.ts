import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Golden data of the Go lifecycle (testdata/golden/README.md). */
export const GOLDEN: string = join('testdata', 'golden');

/** Bytes of a golden file as text. */
export function golden(path: string): string {
  return readFileSync(join(GOLDEN, path), 'utf8');
}

/** Paths below the golden directory that end with `ending`, sorted. */
export function goldenFiles(ending: string): readonly string[] {
  return readdirSync(GOLDEN, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending))
    .sort();
}

/** The labels of a golden image config. */
export function goldenLabels(path: string): Readonly<Record<string, string>> {
  const config: unknown = JSON.parse(golden(path));
  const labels = memberOf(memberOf(config, 'config'), 'Labels');
  if (typeof labels !== 'object' || labels === null) throw new Error(`${path} has no labels`);
  return Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, String(value)]));
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([name]) => name === key)?.[1]
    : undefined;
}

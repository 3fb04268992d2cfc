import { SlipwayError } from '../core/errors.ts';

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1e3,
  kb: 1e3,
  m: 1e6,
  mb: 1e6,
  g: 1e9,
  gb: 1e9,
  t: 1e12,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};
const SECOND_MS = 1000;
const DURATIONS: Readonly<Record<string, number>> = {
  s: SECOND_MS,
  m: 60 * SECOND_MS,
  h: 3600 * SECOND_MS,
  d: 86_400 * SECOND_MS,
  w: 7 * 86_400 * SECOND_MS,
};

/** Bytes: `0`, `500MB`, `1.5 GiB`; k, M, G and T are powers of 1000. Throws `ARGUMENT_INVALID` naming the flag. */
export function parseSize(text: string, flag: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text) ?? [];
  const factor = UNITS[unit.toLowerCase()];
  if (number !== undefined && factor !== undefined) return Math.floor(Number(number) * factor);
  throw new SlipwayError('ARGUMENT_INVALID', `--${flag} "${text}" is not a size`, {
    hint: 'write a number and B, kB, MB, GB, KiB, MiB or GiB',
  });
}

/** Milliseconds: `90s`, `30m`, `12h`, `30d`, `2w`, or several together: `1d12h`. Throws `ARGUMENT_INVALID` naming the flag. */
export function parseDuration(text: string, flag: string): number {
  const parts = /^(?:\d+[smhdw])+$/.test(text) ? [...text.matchAll(/(\d+)([smhdw])/g)] : [];
  if (parts.length > 0)
    return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (DURATIONS[unit ?? ''] ?? 0), 0);
  throw new SlipwayError('ARGUMENT_INVALID', `--${flag} "${text}" is not a duration`, {
    hint: 'write a number and s, m, h, d or w: 12h, 30d',
  });
}

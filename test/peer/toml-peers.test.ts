import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseToml } from '../../src/cnb/files/toml-read.ts';
import { TomlDate, type TomlValue } from '../../src/cnb/toml-value.ts';
import { findTool } from '../support/peers.ts';
import { tomlDocuments, tomlNearMisses, tomlSoup } from '../support/toml-documents.ts';

describe('TOML reading beside Python', () => {
  for (const [what, documents, count] of [
    ['as people write it', tomlDocuments().map(({ text }) => text), 300],
    ['with one mistake', tomlNearMisses(), 1000],
    ['out of pieces', tomlSoup(), 3000],
  ] as const) {
    it(`takes and refuses what tomllib does, ${what}`, { timeout: 60_000 }, (test) => {
      // As with Go: not every machine that has the other peers has Python, so that it may be missing everywhere.
      const python = findTool('python3');
      if (python === undefined || spawnSync(python, ['-c', 'import tomllib']).status !== 0) {
        test.skip('python3 with tomllib is not installed');
        return;
      }
      const texts = fc.sample(documents, count);
      const answers = askPython(python, texts);
      const wrong = texts.flatMap((text, at) => (ours(text) === answers[at] ? [] : [[text, ours(text), answers[at]]]));
      assert.deepEqual(wrong.slice(0, 5), [], `${String(wrong.length)} of ${String(count)} differ`);
    });
  }
});

function askPython(python: string, texts: readonly string[]): readonly string[] {
  const input = texts.map((text) => JSON.stringify(text.replace(/^\ufeff/, ''))).join('\n');
  const { status, stdout, stderr } = spawnSync(python, ['test/support/toml-oracle.py'], {
    input: `${input}\n`,
    maxBuffer: 256 * 1024 * 1024,
    env: { PYTHONIOENCODING: 'utf-8' },
  });
  assert.equal(status, 0, stderr.toString());
  const lines = stdout.toString().trimEnd().split('\n');
  assert.equal(lines.length, texts.length);
  return lines.map((line) => canonical(JSON.parse(line)));
}

function ours(text: string): string {
  try {
    return canonical(typed(parseToml(text, 'x.toml')));
  } catch {
    return '"error"';
  }
}

function typed(value: TomlValue): unknown {
  if (typeof value === 'boolean') return { b: value };
  if (typeof value === 'bigint') return { i: String(value) };
  if (typeof value === 'number') return { f: Object.is(value, -0) ? '-0' : String(value) };
  if (typeof value === 'string') return { s: value };
  if (value instanceof TomlDate) return { d: value.kind, t: value.text };
  if (Array.isArray(value)) return { l: value.map(typed) };
  return { m: Object.fromEntries(Object.entries(value ?? {}).map(([key, member]) => [key, typed(member ?? {})])) };
}

/** The same text for the same data: keys in order, floats, dates and line ends in one way of writing. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
    const entries = Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1));
    const plain = Object.fromEntries(entries);
    const { s, f, d, t } = plain;
    // TOML leaves it to the reader whether CRLF inside ''' and """ stays: Go and we keep it, Python makes it LF.
    if (typeof s === 'string' && entries.length === 1) return { s: s.replaceAll('\r\n', '\n') };
    if (typeof f === 'string' && entries.length === 1) return { f: floatText(f) };
    if (typeof d === 'string' && typeof t === 'string')
      return { d, t: t.replace(/(\.\d*?)0+(?=$|[Z+-])/, '$1').replace(/\+00:00$/, 'Z') };
    return plain;
  });
}

function floatText(text: string): string {
  const number = Number(text.replace('inf', 'Infinity'));
  return Object.is(number, -0) ? '-0' : String(number);
}

// Markdown as prettier leaves it, so that a generated page passes the format check.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../bootstrap.mjs';

export async function formatPage(text) {
  const { format } = await import('prettier');
  const settings = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).prettier;
  return format(text, { ...settings, parser: 'markdown' });
}

import { join, resolve } from 'node:path';
import { parseLocation } from '../../src/oci/location.ts';
import type { Image } from '../../src/ports/image.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { selectImage } from '../../src/store/select.ts';
import type { TestContextOf } from './context.ts';
import { GOLDEN } from './golden-compare.ts';
import type { RecordedRoot } from './recorded-root.ts';

/** Puts a run image of the fixtures where `-layout` looks for `name`. */
export function layoutRunImage(root: RecordedRoot, fixture: string, name = 'registry.example/base/run/v1'): void {
  const to = `"$ROOT/layout/${name}"`;
  root.shell(
    `mkdir -p ${to}; cp -r ${resolve(GOLDEN, 'fixtures/base', fixture)}/. ${to}; chown -R 1000:1000 "$ROOT/layout"`,
  );
}

/** An image that a run wrote below /layout; `path` ends with the tag. */
export async function layoutImage(root: RecordedRoot, path: string, ctx: TestContextOf): Promise<Image> {
  const directory = join(root.directory, 'layout', path);
  const location = parseLocation(`oci:${directory.replaceAll(':', '%3A')}`);
  return selectImage(openLayout(directory), location, ctx, { role: 'image', hostArchitecture: 'amd64' });
}

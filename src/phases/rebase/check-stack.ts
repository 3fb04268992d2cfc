import { SlipwayError } from '../../core/errors.ts';
import type { Image } from '../../ports/image.ts';

const STACK_ID = 'io.buildpacks.stack.id';
const MIXINS = 'io.buildpacks.stack.mixins';

/** The rules for an app of a Platform API before 0.12 (contract §17.4), which nothing overrides. Throws `REBASE_REFUSED` (exit 72). */
export function checkStack(app: Image, base: Image): void {
  const [before, after] = [app.config.labels[STACK_ID] ?? '', base.config.labels[STACK_ID] ?? ''];
  if (before === '') throw refused('stack not defined on app image');
  if (after === '') throw refused('stack not defined on new base image');
  if (before !== after) throw refused(`incompatible stack: '${after}' is not compatible with '${before}'`);
  const there = new Set(mixinsOf(base, 'new base image'));
  const missing = mixinsOf(app, 'app image').filter((mixin) => !there.has(mixin));
  if (missing.length > 0) throw refused(`missing required mixin(s): ${missing.join(', ')}`);
}

/** Without their stage: `build:git` and `run:git` are `git`. */
function mixinsOf(image: Image, what: string): readonly string[] {
  const label = image.config.labels[MIXINS] ?? '';
  if (label === '') return [];
  const mixins = parseList(label);
  if (mixins === undefined) throw refused(`label ${MIXINS} of the ${what} is no list of names: ${label}`);
  return mixins.map((mixin) => mixin.replace(/^(?:build|run):/, ''));
}

function parseList(text: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value)) return undefined;
    const names = value.filter((item: unknown): item is string => typeof item === 'string');
    return names.length === value.length ? names : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function refused(message: string): SlipwayError {
  return new SlipwayError('REBASE_REFUSED', message);
}

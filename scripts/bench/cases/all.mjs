// Every benchmark, in the order of the page.
import { EXPORT_BIG, EXPORT_MIXED, EXPORT_SMALL } from './export-layout.mjs';
import { LAYOUT_AGAIN, LAYOUT_AGAIN_COLD, REGISTRY_AGAIN, REGISTRY_FIRST } from './export-registry.mjs';
import { SAME_BYTES, SIZE } from './outcome.mjs';
import { HASH, PACK, PIPE } from './pack.mjs';
import { PULL, PUSH } from './transfer.mjs';
import { CREATE } from './create.mjs';
import { FILES_CURVE, LAYERS_CURVE, SIZE_CURVE } from './curves.mjs';
import { LIMITS } from './limits.mjs';
import { MEMORY, MEMORY_LONG } from './memory.mjs';
import { HELP, VERSION } from './start.mjs';
import { BUILD_DISK, REGISTRY_BLOB, SECOND_BUILD } from './whole.mjs';

/**
 * A case: `id`, `title`, `minutes` (about, on two cores, with five pairs), `run(bench)`, which returns rows: `{subject?, peer?, gap?, lines,
 * note?}`; `isLong`: only under --full.
 */
export const CASES = [
  EXPORT_MIXED,
  EXPORT_BIG,
  EXPORT_SMALL,
  REGISTRY_FIRST,
  REGISTRY_AGAIN,
  LAYOUT_AGAIN,
  LAYOUT_AGAIN_COLD,
  PACK,
  HASH,
  PIPE,
  PUSH,
  PULL,
  VERSION,
  HELP,
  MEMORY,
  MEMORY_LONG,
  SIZE,
  SAME_BYTES,
  CREATE,
  LIMITS,
  FILES_CURVE,
  SIZE_CURVE,
  LAYERS_CURVE,
  BUILD_DISK,
  SECOND_BUILD,
  REGISTRY_BLOB,
];

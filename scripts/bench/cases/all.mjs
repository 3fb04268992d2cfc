// Every benchmark, in the order of the page.
import { EXPORT_BIG, EXPORT_MIXED, EXPORT_SMALL } from './export-layout.mjs';

/**
 * A case: `id`, `title`, `minutes` (about, on two cores, with five pairs), `run(bench)`, which returns rows: `{subject?, peer?, gap?, lines,
 * note?}`; `isLong`: only under --full.
 */
export const CASES = [EXPORT_MIXED, EXPORT_BIG, EXPORT_SMALL];

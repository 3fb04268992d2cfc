import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { uniqueSuffix } from '../core/atomic-file.ts';
import type { Context } from '../core/context.ts';
import { systemCode } from '../core/errors.ts';
import type { IndexRecord, LayerIndex } from '../ports/layer-index.ts';
import { decodeIndexRecord, encodeIndexRecord } from './layer-index-record.ts';

export interface LayerIndexOptions {
  readonly isVerified?: boolean;
  /** Default: 1,000. */
  readonly maxRecords?: number;
  /** A record that was not used for so long is removed; default: 30 days. */
  readonly recordAgeMs?: number;
}

const MAX_RECORDS = 1000;
const RECORD_AGE_MS = 30 * 24 * 60 * 60 * 1000;
/** A record's last use is noted so exactly. */
const TOUCH_MS = 24 * 60 * 60 * 1000;
/** What somebody may still be writing. */
const TEMPORARY_AGE_MS = 60 * 60 * 1000;

/**
 * The index in a directory: one small file a layer, `<key>.json`, replaced by rename, so that any number of processes may use it. It is made when
 * the first record is written. A place that cannot be read or written is no error, only no index.
 */
export function openLayerIndex(directory: string, ctx: Context, options: LayerIndexOptions = {}): LayerIndex {
  const path = (key: string): string => join(directory, `${key}.json`);
  let isTidy = false;
  return {
    isVerified: options.isVerified ?? false,
    read: (key) => {
      const found = readOwn(path(key));
      const record = found === undefined ? undefined : decodeIndexRecord(found.bytes);
      const now = ctx.clock.now();
      if (found !== undefined && record !== undefined && now.getTime() - found.modifiedMs > TOUCH_MS)
        attempt(() => utimesSync(path(key), now, now));
      return record;
    },
    write: (key, record) => {
      attempt(() => {
        writeRecord(directory, path(key), record);
        if (!isTidy) tidy(directory, ctx.clock.now().getTime(), options);
        isTidy = true;
      });
    },
    remove: (key) => {
      attempt(() => {
        rmSync(path(key), { force: true });
      });
    },
  };
}

/** A file that another user could have written says nothing. */
function readOwn(path: string): { readonly bytes: Uint8Array; readonly modifiedMs: number } | undefined {
  return attempt(() => {
    const file = openSync(path, 'r');
    try {
      const stat = fstatSync(file);
      const isOwn = stat.isFile() && stat.uid === process.geteuid?.() && (stat.mode & 0o022) === 0;
      return isOwn ? { bytes: readFileSync(file), modifiedMs: stat.mtimeMs } : undefined;
    } finally {
      closeSync(file);
    }
  });
}

/** Not flushed to the disk: after a crash a record may be empty, which is no record. */
function writeRecord(directory: string, path: string, record: IndexRecord): void {
  const temporary = join(directory, `.record.${uniqueSuffix()}`);
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  try {
    writeFileSync(temporary, encodeIndexRecord(record), { flag: 'wx', mode: 0o644 });
    renameSync(temporary, path);
  } catch (error) {
    attempt(() => rmSync(temporary, { force: true }));
    throw error;
  }
}

/** Removes what is old, and of too many the least recently used. */
function tidy(directory: string, nowMs: number, options: LayerIndexOptions): void {
  const { maxRecords = MAX_RECORDS, recordAgeMs = RECORD_AGE_MS } = options;
  const files = readdirSync(directory).flatMap((name) => {
    const modifiedMs = attempt(() => statSync(join(directory, name)).mtimeMs);
    return modifiedMs === undefined ? [] : [{ name, modifiedMs }];
  });
  const records = files.filter(({ name }) => name.endsWith('.json')).sort((a, b) => b.modifiedMs - a.modifiedMs);
  const unfinished = files.filter(({ name }) => name.startsWith('.record.'));
  const old = [
    ...records.filter(({ modifiedMs }, index) => index >= maxRecords || nowMs - modifiedMs > recordAgeMs),
    ...unfinished.filter(({ modifiedMs }) => nowMs - modifiedMs > TEMPORARY_AGE_MS),
  ];
  for (const { name } of old) attempt(() => rmSync(join(directory, name), { force: true }));
}

/** Undefined where the file system refuses: the index is only a help. */
function attempt<T>(task: () => T): T | undefined {
  try {
    return task();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

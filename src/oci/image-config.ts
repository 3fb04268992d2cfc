import { SlipwayError } from '../core/errors.ts';
import { describeIssues, ObjectReader, type JsonObject } from '../schema/reader.ts';
import { isDiffId, type DiffId } from './digest.ts';
import { parseJson } from './manifest.ts';
import { readPlatform, type Platform } from './platform.ts';

export interface HistoryEntry {
  readonly created?: string;
  readonly createdBy?: string;
  readonly comment?: string;
  readonly author?: string;
  readonly emptyLayer?: boolean;
}

/** The part of an image config that Slipway reads (image-spec, config.md). `fields` holds every key as read, for assembly. */
export interface ImageConfig {
  readonly platform: Platform;
  readonly diffIds: readonly DiffId[];
  readonly history: readonly HistoryEntry[];
  readonly env: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly workingDir: string;
  /** The whole document as decoded JSON. */
  readonly fields: JsonObject;
}

/** Decodes config bytes. Throws `IMAGE_INVALID` naming `subject`. */
export function decodeImageConfig(bytes: Uint8Array, subject: string): ImageConfig {
  const value = parseJson(bytes, subject);
  const reader = new ObjectReader(value);
  const rootfs = reader.object('rootfs');
  const diffIds: DiffId[] = [];
  for (const text of rootfs.strings('diff_ids')) {
    if (isDiffId(text)) diffIds.push(text);
    else rootfs.issue('diff_ids', `"${text.slice(0, 80)}" is not a diffID`);
  }
  const run = reader.object('config');
  const config: ImageConfig = {
    platform: readPlatform(reader),
    diffIds,
    history: reader.list('history', readHistory),
    env: run.strings('Env'),
    labels: run.optionalStringMap('Labels') ?? {},
    user: run.optionalString('User') ?? '',
    entrypoint: run.strings('Entrypoint'),
    cmd: run.strings('Cmd'),
    workingDir: run.optionalString('WorkingDir') ?? '',
    fields: typeof value === 'object' && value !== null ? { ...value } : {},
  };
  if (reader.issues.length > 0)
    throw new SlipwayError('IMAGE_INVALID', `${subject} is malformed: ${describeIssues(reader.issues)}`);
  return config;
}

/** The value of a variable in `KEY=value` entries, split at the first `=` (GAP-18). */
export function envValue(env: readonly string[], name: string): string | undefined {
  const entry = env.find((item) => item.startsWith(`${name}=`));
  return entry?.slice(name.length + 1);
}

function readHistory(reader: ObjectReader): HistoryEntry {
  const created = reader.optionalString('created');
  const createdBy = reader.optionalString('created_by');
  const comment = reader.optionalString('comment');
  const author = reader.optionalString('author');
  const emptyLayer = reader.optionalBoolean('empty_layer');
  return {
    ...(created === undefined ? {} : { created }),
    ...(createdBy === undefined ? {} : { createdBy }),
    ...(comment === undefined ? {} : { comment }),
    ...(author === undefined ? {} : { author }),
    ...(emptyLayer === undefined ? {} : { emptyLayer }),
  };
}

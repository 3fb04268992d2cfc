import { chmod } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Analyzed } from '../cnb/analyzed.ts';
import type { PlatformFeatures } from '../cnb/features.ts';
import { decodeAnalyzed, encodeAnalyzed } from '../cnb/files/analyzed.ts';
import { decodeGroup, encodeGroup } from '../cnb/files/group.ts';
import { decodeMetadata, encodeMetadata } from '../cnb/files/metadata.ts';
import { decodeOrder, type OrderFile } from '../cnb/files/order.ts';
import { decodePlan, encodePlan } from '../cnb/files/plan.ts';
import { decodeProjectMetadata, type ProjectMetadata } from '../cnb/files/project-metadata.ts';
import { encodeReport, type Report } from '../cnb/files/report.ts';
import { decodeRun, type RunImageEntry } from '../cnb/files/run.ts';
import { decodeStack } from '../cnb/files/stack.ts';
import { decodeSystem, EMPTY_SYSTEM, type SystemFile } from '../cnb/files/system.ts';
import type { GroupElement } from '../cnb/module.ts';
import type { Plan } from '../cnb/plan.ts';
import type { BuildMetadata } from '../cnb/process.ts';
import { writeError, writeFileAtomic } from '../core/atomic-file.ts';
import type { Context } from '../core/context.ts';
import { isSystem } from '../core/errors.ts';
import type { LogLevel } from '../core/events.ts';
import type { Location } from '../oci/location.ts';
import { decodeWith, readIfPresent, readRequired, type ReadWording } from './read-file.ts';

/** Missing or invalid: exit 1, `failed to initialize detector: reading order: failed to read order file: …`. */
export function readOrder(path: string): Promise<OrderFile> {
  return required(path, decodeOrder, {
    prefix: 'failed to initialize detector: reading order: failed to read order file: ',
    exit: 1,
    hint: 'name the order with -order or CNB_ORDER_PATH',
  });
}

/** Missing = empty, with a debug line. */
export async function readSystem(path: string, ctx: Context): Promise<SystemFile> {
  const system = await optional(path, decodeSystem, {
    prefix: 'failed to initialize detector: reading system: failed to read system file: ',
    exit: 1,
  });
  if (system === undefined) log(ctx, 'debug', `No system buildpacks found at path "${path}"`);
  return system ?? EMPTY_SYSTEM;
}

/** Missing or invalid: exit 1, `failed to read group file: …`. */
export function readGroup(path: string): Promise<readonly GroupElement[]> {
  return required(path, decodeGroup, {
    prefix: 'failed to read group file: ',
    exit: 1,
    hint: 'run the detector first, or name its group.toml with -group',
  });
}

export function writeGroup(path: string, group: readonly GroupElement[]): Promise<void> {
  return writeFileAtomic(path, encodeGroup(group));
}

/** Missing or invalid: exit 1, `failed to read plan file: …`. */
export function readPlan(path: string): Promise<Plan> {
  return required(path, decodePlan, {
    prefix: 'failed to read plan file: ',
    exit: 1,
    hint: 'run the detector first, or name its plan.toml with -plan',
  });
}

export function writePlan(path: string, plan: Plan): Promise<void> {
  return writeFileAtomic(path, encodePlan(plan));
}

/** Missing: a warning and undefined. Invalid: exit 1, `failed to read analyzed file: …`. */
export async function readAnalyzed(
  path: string,
  parse: (text: string) => Location,
  ctx: Context,
): Promise<Analyzed | undefined> {
  const decode = (bytes: Uint8Array, file: string): Analyzed => decodeAnalyzed(bytes, file, parse);
  const analyzed = await optional(path, decode, { prefix: 'failed to read analyzed file: ', exit: 1 });
  if (analyzed === undefined) log(ctx, 'warn', `No analyzed metadata found at path "${path}"`);
  return analyzed;
}

export function writeAnalyzed(path: string, analyzed: Analyzed, format: (location: Location) => string): Promise<void> {
  return writeFileAtomic(path, encodeAnalyzed(analyzed, format));
}

/** Missing = [], with an info line. Invalid: exit 1, `failed to read run file: …`. */
export async function readRun(path: string, ctx: Context): Promise<readonly RunImageEntry[]> {
  const run = await optional(path, decodeRun, { prefix: 'failed to read run file: ', exit: 1 });
  if (run === undefined) log(ctx, 'info', `No run metadata found at path "${path}"`);
  return run ?? [];
}

/** As `readRun` for stack.toml, which Platform API < 0.12 has instead. Invalid: exit 1, `failed to read stack file: …`. */
export async function readStack(path: string, ctx: Context): Promise<readonly RunImageEntry[]> {
  const stack = await optional(path, decodeStack, { prefix: 'failed to read stack file: ', exit: 1 });
  if (stack === undefined) log(ctx, 'info', `No stack metadata found at path "${path}"`);
  return stack ?? [];
}

/** Missing = {}, with a debug line. */
export async function readProjectMetadata(path: string, ctx: Context): Promise<ProjectMetadata> {
  const metadata = await optional(path, decodeProjectMetadata, { prefix: 'failed to read project metadata: ' });
  if (metadata === undefined) {
    log(ctx, 'debug', `No project metadata found at path "${path}", project metadata will not be exported`);
  }
  return metadata ?? {};
}

/** `<layers>/config/metadata.toml`; missing or invalid: `read build metadata: …`, with the exit code of the phase. */
export function readBuildMetadata(path: string): Promise<BuildMetadata> {
  return required(path, decodeMetadata, { prefix: 'read build metadata: ', hint: 'run the builder first' });
}

/** File and directory are in a layer, which must not depend on the umask: their modes are fixed where they are this user's. */
export async function writeBuildMetadata(
  path: string,
  metadata: BuildMetadata,
  features: PlatformFeatures,
): Promise<void> {
  await writeFileAtomic(path, encodeMetadata(metadata, features));
  try {
    await chmod(path, 0o644);
    await chmod(dirname(path), 0o755);
  } catch (error) {
    if (!isSystem(error, 'EPERM')) throw writeError(path, error);
  }
}

export function writeReport(path: string, report: Report): Promise<void> {
  return writeFileAtomic(path, encodeReport(report));
}

type Decoder<T> = (bytes: Uint8Array, file: string) => T;

async function required<T>(path: string, decode: Decoder<T>, wording: ReadWording): Promise<T> {
  const bytes = await readRequired(path, wording);
  return decodeWith(wording, () => decode(bytes, path));
}

async function optional<T>(path: string, decode: Decoder<T>, wording: ReadWording): Promise<T | undefined> {
  const bytes = await readIfPresent(path, wording);
  return bytes === undefined ? undefined : decodeWith(wording, () => decode(bytes, path));
}

function log(ctx: Context, level: LogLevel, message: string): void {
  ctx.emit({ type: 'log', level, message });
}

import type { Context } from '../core/context.ts';
import type { Location } from '../oci/location.ts';
import type { Analyzed } from '../cnb/analyzed.ts';
import type { OrderFile } from '../cnb/files/order.ts';
import type { ProjectMetadata } from '../cnb/files/project-metadata.ts';
import type { Report } from '../cnb/files/report.ts';
import type { RunImageEntry } from '../cnb/files/run.ts';
import type { SystemFile } from '../cnb/files/system.ts';
import type { GroupElement } from '../cnb/module.ts';
import type { Plan } from '../cnb/plan.ts';
import type { BuildMetadata } from '../cnb/process.ts';

/** `FILE_NOT_FOUND` / `FILE_INVALID`, exit 1: `failed to initialize detector: reading order: failed to read order file: …`. */
export function readOrder(_path: string): Promise<OrderFile> {
  throw new Error('not yet');
}

/** Missing = empty, with a debug line. */
export function readSystem(_path: string, _ctx: Context): Promise<SystemFile> {
  throw new Error('not yet');
}

/** Missing or invalid: exit 1, `failed to read group file: …`. */
export function readGroup(_path: string): Promise<readonly GroupElement[]> {
  throw new Error('not yet');
}

export function writeGroup(_path: string, _group: readonly GroupElement[]): Promise<void> {
  throw new Error('not yet');
}

/** Missing or invalid: exit 1, `failed to read plan file: …`. */
export function readPlan(_path: string): Promise<Plan> {
  throw new Error('not yet');
}

export function writePlan(_path: string, _plan: Plan): Promise<void> {
  throw new Error('not yet');
}

/** Missing: a warning and undefined. Invalid: `failed to read analyzed file: …`. */
export function readAnalyzed(
  _path: string,
  _parse: (text: string) => Location,
  _ctx: Context,
): Promise<Analyzed | undefined> {
  throw new Error('not yet');
}

export function writeAnalyzed(
  _path: string,
  _analyzed: Analyzed,
  _format: (location: Location) => string,
): Promise<void> {
  throw new Error('not yet');
}

/** Missing = [], with an info line. */
export function readRun(_path: string, _ctx: Context): Promise<readonly RunImageEntry[]> {
  throw new Error('not yet');
}

/** Missing = {}, with a debug line. */
export function readProjectMetadata(_path: string, _ctx: Context): Promise<ProjectMetadata> {
  throw new Error('not yet');
}

/** `<layers>/config/metadata.toml`; missing or invalid: `failed to read build metadata: …` (no exit of its own). */
export function readBuildMetadata(_path: string): Promise<BuildMetadata> {
  throw new Error('not yet');
}

export function writeBuildMetadata(_path: string, _metadata: BuildMetadata): Promise<void> {
  throw new Error('not yet');
}

export function writeReport(_path: string, _report: Report): Promise<void> {
  throw new Error('not yet');
}

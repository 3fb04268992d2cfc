import type { BuildOutput, Event } from '../core/events.ts';
import { formatSize, shortDigest } from './amounts.ts';
import { alignColumns } from './columns.ts';

export type BuildEnd = Extract<Event, { readonly type: 'build.end' }>;

/** What was made, where it is, what to type next (ux.md, A build). */
export function buildResult(end: BuildEnd): readonly string[] {
  const layers = `${String(end.layers)} layer${end.layers === 1 ? '' : 's'}, ${formatSize(end.size)}`;
  const next = nextCommand(end);
  return [
    `image   ${end.image}  ${end.platform}  ${shortDigest(end.digest)}  (${layers})`,
    ...outputLines(end.outputs),
    ...(next === undefined ? [] : [`next    ${next}`]),
  ];
}

/** Each output and what was written there, below an image's line. */
export function outputLines(outputs: readonly BuildOutput[]): readonly string[] {
  return alignColumns(outputs.map((output) => [output.location, outputNote(output)])).map((line) => `        ${line}`);
}

function outputNote(output: BuildOutput): string {
  if (output.error !== undefined) return `failed: ${output.error}`;
  if (output.bytes !== undefined) return formatSize(output.bytes);
  if (output.blobsWritten === undefined || output.blobsTotal === undefined) return 'written';
  return `${String(output.blobsWritten)} blob${output.blobsWritten === 1 ? '' : 's'} new of ${String(output.blobsTotal)}`;
}

/** The command to copy: load the archive, or run what was pushed. */
function nextCommand(end: BuildEnd): string | undefined {
  const written = end.outputs.filter((output) => output.error === undefined).map((output) => output.location);
  const archive = written.find((location) => location.startsWith('docker-archive:') && fileOf(location) !== '-');
  if (archive !== undefined)
    return `docker load -i ${shellWord(fileOf(archive))} && docker run --rm ${shellWord(end.image)}`;
  const pushed = written.find((location) => !/^(oci|oci-archive|docker-archive|docker-daemon):/.test(location));
  return pushed === undefined ? undefined : `docker run --rm ${shellWord(pushed.replace(/^docker:\/\//, ''))}`;
}

function fileOf(location: string): string {
  const [path = ''] = location.slice('docker-archive:'.length).split(/[;:]/);
  return path;
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

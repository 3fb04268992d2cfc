import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { build } from 'esbuild';
import { NODE } from './program.ts';

const PROGRAM = join('.build', 'test', `upload-writer-${String(process.pid)}.mjs`);

/** What `upload-writer.ts` is told. */
export interface UploadRun {
  readonly registry: string;
  readonly file: string;
  readonly memory: string;
  readonly chunkBytes?: number;
  /** It is killed when it has given so many bytes away. */
  readonly killAt?: number;
}

/** Makes the program; once before its runs. */
export async function buildUploadWriter(): Promise<void> {
  await build({
    entryPoints: ['test/support/upload-writer.ts'],
    outfile: PROGRAM,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    target: 'node20',
    logLevel: 'silent',
  });
}

/** Pushes a file in a process of its own; its outcome, or `killed`. */
export async function runUpload({ registry, file, memory, chunkBytes = 0, killAt }: UploadRun): Promise<string> {
  const args = [PROGRAM, registry, file, memory, String(chunkBytes), ...(killAt === undefined ? [] : [String(killAt)])];
  const child = spawn(NODE, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (text.includes('paused')) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return child.signalCode === 'SIGKILL' ? 'killed' : text.trim();
}

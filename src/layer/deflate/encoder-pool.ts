import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { isSystem, SlipwayError } from '../../core/errors.ts';
import { encodeHere, encoderModule, OUTPUT_SIZE, WORKER_PROGRAM, type EncoderJob } from './encoder.ts';

/** Threads that deflate blocks; the bytes are the same with any number of them. */
export interface EncoderPool {
  /** Neither of the job's arrays may change until it is done. What is in shared memory is not copied to the thread. */
  readonly encode: (job: EncoderJob) => Promise<Uint8Array>;
  /** Takes the memory of a result back, for the next one; what is of somebody else is left alone. Nobody may read it any more. */
  readonly release: (bytes: Uint8Array) => void;
  /** Ends the threads; a job that is under way is rejected. */
  readonly close: () => Promise<void>;
}

interface Task {
  readonly job: EncoderJob;
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: SlipwayError) => void;
}

/** How long threads stay without a job: longer than the pauses between layers. */
const IDLE_MS = 1000;

/** More would wait for the thread that reads, hashes and writes. */
const MOST_THREADS = 8;

/** How many threads this process uses. */
export function encoderThreads(): number {
  return Math.min(availableParallelism(), MOST_THREADS);
}

let shared: EncoderPool | undefined;

/** The process's pool, made at first use. */
export function sharedEncoders(): EncoderPool {
  shared ??= openEncoderPool(encoderThreads());
  return shared;
}

/**
 * At most `limit` threads, each started when all others are busy and ended after a second without work. They keep the process alive
 * only while they have a job. Where no thread may be started, as under Node's permission model, the work is done on this one.
 */
export function openEncoderPool(limit: number): EncoderPool {
  const idle: Worker[] = [];
  const busy = new Map<Worker, Task>();
  const waiting: Task[] = [];
  /** Memory of results: what is thrown away is given back late, in pieces of a megabyte. */
  const own = new WeakSet<ArrayBufferLike>();
  const spare: Uint8Array[] = [];
  let timer: NodeJS.Timeout | undefined;

  const finish = (worker: Worker, settle: (task: Task) => void): void => {
    const task = busy.get(worker);
    busy.delete(worker);
    if (task !== undefined) settle(task);
  };
  const retire = (): Promise<unknown> => Promise.all(idle.splice(0).map((worker) => worker.terminate()));
  const rest = (worker: Worker): void => {
    worker.unref();
    idle.push(worker);
    timer ??= setTimeout(() => {
      timer = undefined;
      void retire();
    }, IDLE_MS).unref();
  };
  const give = (worker: Worker, task: Task): void => {
    clearTimeout(timer);
    timer = undefined;
    busy.set(worker, task);
    worker.ref();
    worker.postMessage(task.job);
  };
  const lose = (worker: Worker, cause: unknown): void => {
    const place = idle.indexOf(worker);
    if (place >= 0) idle.splice(place, 1);
    finish(worker, (task) => task.reject(new SlipwayError('INTERNAL', 'a compression thread ended early', { cause })));
    next();
  };
  const keep = (result: Uint8Array): Uint8Array => {
    const room = spare.pop() ?? new Uint8Array(OUTPUT_SIZE);
    own.add(room.buffer);
    room.set(result);
    return room.subarray(0, result.length);
  };
  const start = (): Worker => {
    const output = new SharedArrayBuffer(OUTPUT_SIZE);
    const worker = new Worker(WORKER_PROGRAM, {
      eval: true,
      name: 'slipway-deflate',
      workerData: { module: encoderModule(), output },
      // Nothing of what this process was started with: no preloaded modules, no inspector.
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2, codeRangeSizeMb: 16 },
    });
    worker.on('message', (size: number) => {
      const bytes = keep(new Uint8Array(output, 0, size));
      finish(worker, (task) => task.resolve(bytes));
      const task = waiting.shift();
      if (task === undefined) rest(worker);
      else give(worker, task);
    });
    worker.on('error', (error) => lose(worker, error));
    worker.on('exit', (code) => lose(worker, new Error(`exit code ${String(code)}`)));
    return worker;
  };
  const next = (): void => {
    while (waiting.length > 0 && (idle.length > 0 || busy.size < limit)) {
      const worker = idle.pop() ?? startOrNothing(start);
      const task = waiting.shift();
      if (task === undefined) return;
      if (worker === undefined) task.resolve(encodeHere(task.job));
      else give(worker, task);
    }
  };
  return {
    encode: (job) =>
      new Promise((resolve, reject) => {
        waiting.push({ job, resolve, reject });
        next();
      }),
    release: ({ buffer }) => {
      if (own.delete(buffer)) spare.push(new Uint8Array(buffer));
    },
    close: async () => {
      clearTimeout(timer);
      timer = undefined;
      await Promise.all([retire(), ...[...busy.keys()].map((worker) => worker.terminate())]);
    },
  };
}

/** Undefined where threads are not allowed, or no more of them. */
function startOrNothing(start: () => Worker): Worker | undefined {
  try {
    return start();
  } catch (error) {
    if (isSystem(error, 'ERR_ACCESS_DENIED', 'ERR_WORKER_INIT_FAILED')) return undefined;
    throw error;
  }
}

import encoderText from './encoder.wasm.txt';

/** A block of at most 1 MiB and the up to 32 KiB before it. */
export interface EncoderJob {
  readonly data: Uint8Array;
  readonly dictionary: Uint8Array;
  readonly isLast: boolean;
}

/** Room for a deflated block: the encoder makes none longer by more than 256 bytes. */
export const OUTPUT_SIZE: number = 1024 * 1024 + 256;

let compiled: WebAssembly.Module | undefined;

/** The encoder of assembly/deflate, compiled at first use; what a worker is given. */
export function encoderModule(): object {
  return compiledEncoder();
}

let encoder: WebAssembly.Instance['exports'] | undefined;

/** Deflates a block on this thread: 1 MiB takes some milliseconds. */
export function encodeHere({ data, dictionary, isLast }: EncoderJob): Uint8Array {
  encoder ??= new WebAssembly.Instance(compiledEncoder()).exports;
  const memory = new Uint8Array(encoder.memory.buffer);
  memory.set(dictionary, encoder.dataAddress.value - dictionary.length);
  memory.set(data, encoder.dataAddress.value);
  const size = encoder.encode(dictionary.length, data.length, isLast ? 1 : 0);
  return memory.slice(encoder.outputAddress.value, encoder.outputAddress.value + size);
}

/**
 * The program of a worker thread: the same as `encodeHere`, for one job a message. A text, so that it needs no file beside the bundle
 * nor survives being bundled again by luck. The result goes to shared memory of `OUTPUT_SIZE`, its size is the answer: memory that a
 * thread allocates and another frees is given back late.
 */
export const WORKER_PROGRAM: string = `
  const { parentPort, workerData } = require('node:worker_threads');
  const encoder = new WebAssembly.Instance(workerData.module).exports;
  const output = new Uint8Array(workerData.output);
  const memory = new Uint8Array(encoder.memory.buffer);
  parentPort.on('message', ({ data, dictionary, isLast }) => {
    memory.set(dictionary, encoder.dataAddress.value - dictionary.length);
    memory.set(data, encoder.dataAddress.value);
    const size = encoder.encode(dictionary.length, data.length, isLast ? 1 : 0);
    output.set(memory.subarray(encoder.outputAddress.value, encoder.outputAddress.value + size));
    parentPort.postMessage(size);
  });
`;

function compiledEncoder(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(Buffer.from(encoderText, 'base64'));
  return compiled;
}

import type { SandboxRequest } from './sandbox.ts';
import { stderrGate } from './start-failure.ts';

/** The way of a command's output through the gate that holds messages of the programs before it. */
export interface GatedOutput {
  readonly onOutput: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void;
  readonly held: () => Buffer;
  /** What is held was the command's own. */
  readonly release: () => void;
}

export function gatedOutput(request: SandboxRequest): GatedOutput {
  const gate = stderrGate();
  const joinsOutput = request.joinsOutput ?? false;
  const pass = (bytes: Uint8Array): void => {
    if (bytes.byteLength > 0) request.onOutput(joinsOutput ? 'stdout' : 'stderr', bytes);
  };
  return {
    onOutput: (stream, bytes) => {
      if (joinsOutput || stream === 'stderr') {
        pass(gate.onStderr(bytes));
        return;
      }
      pass(gate.onStdout());
      request.onOutput('stdout', bytes);
    },
    held: gate.held,
    release: () => pass(gate.onStdout()),
  };
}

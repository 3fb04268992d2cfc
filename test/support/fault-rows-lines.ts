import { NO_NETWORK_OPTIONS } from '../../src/registry/network-options.ts';
import type { FaultBedOptions } from './fault-bed.ts';
import type { FaultRow } from './fault-rows.ts';

/** Rows of the fault matrix about bad lines. */
export function lineRows(): readonly FaultRow[] {
  const group = 'Bad lines';
  const endings = [
    { how: 'reset', words: 'a reset' },
    { how: 'close', words: 'an end as if that were all' },
  ] as const;
  const ends = (how: 'reset' | 'close', afterBytes: number): FaultBedOptions => ({
    line: { kind: 'ends', afterBytes, times: 2, how },
    client: { retry: { attempts: 6, baseDelayMs: 1 } },
  });
  return [
    { group, fault: 'latency', operations: ['pull', 'push'], bed: { line: { kind: 'latency', ms: 5 } } },
    {
      group,
      fault: 'thin slices',
      operations: ['pull', 'push'],
      bed: { line: { kind: 'slices', bytes: 20_000, pauseMs: 1 } },
    },
    ...endings.flatMap(({ how, words }) => [
      {
        group,
        fault: `${words} in the middle of an answer, twice`,
        operations: ['push'] as const,
        bed: ends(how, 450),
      },
      {
        group,
        fault: `${words} in the middle of a blob, twice`,
        operations: ['pull'] as const,
        bed: ends(how, 100_000),
      },
    ]),
    {
      group,
      fault: 'a server that says nothing',
      operations: ['pull', 'push'],
      fails: 'REGISTRY_UNREACHABLE',
      bed: {
        line: { kind: 'silence' },
        client: {
          network: { ...NO_NETWORK_OPTIONS, timeoutMs: 200 },
          retry: { attempts: 2, baseDelayMs: 1 },
        },
      },
    },
    {
      group,
      fault: 'connections that end late',
      operations: ['pull', 'push'],
      bed: { line: { kind: 'slow-close', ms: 20 } },
    },
  ];
}

import { readFileSync } from 'node:fs';
import { ObjectReader } from '../../src/schema/reader.ts';
import type { RecordedRun } from './recorded-root.ts';

/** One recorded command of a failure. */
export interface FailureStep extends RecordedRun {
  readonly step: string;
  readonly exitCode: number;
}

/** The recorded failures by name: the commands after their setup. */
export function recordedFailures(): ReadonlyMap<string, readonly FailureStep[]> {
  const text = readFileSync('testdata/golden/failures/runs.json', 'utf8');
  const cases: unknown = JSON.parse(text);
  const reader = new ObjectReader({ cases });
  const read = reader.list('cases', (each) => [each.string('name'), each.list('steps', readStep).flat()] as const);
  if (reader.issues.length > 0) throw new Error(`failures/runs.json: ${JSON.stringify(reader.issues)}`);
  return new Map(read);
}

function readStep(step: ObjectReader): readonly FailureStep[] {
  if (step.boolean('isSetup')) return [];
  const api = step.optionalString('api');
  return [
    {
      step: step.string('step'),
      program: step.string('program'),
      user: step.string('user') === 'root' ? 'root' : '1000:1000',
      args: step.strings('args'),
      exitCode: step.safeInteger('exitCode'),
      ...(api === undefined ? {} : { api }),
    },
  ];
}

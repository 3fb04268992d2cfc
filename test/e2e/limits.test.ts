import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { builderBed } from '../support/builder-bed.ts';
import { slipway } from '../support/program.ts';
import { asAnother, buildWords } from '../support/sandboxed-build.ts';

const GREEDY = {
  id: 'test/greedy',
  build: `case "$(cat "$2/env/BP_TAKE")" in
  time) while :; do sleep 1; done ;;
  file) exec dd if=/dev/zero of=big bs=1M count=60 ;;
esac`,
};

const LIMITS = ['--time-limit', '20s', '--memory', '60MB', '--pids-limit', '40', '--disk', '30MB'];

describe('limits of a build', () => {
  it('are said with what holds them, and a buildpack that they end fails with the limit', async (t) => {
    const bed = await builderBed(t, { buildpacks: [GREEDY] });
    if (bed === undefined) return;
    const words = (take: string, more: readonly string[]): readonly string[] =>
      buildWords(['--output', 'oci:out', '--env', `BP_TAKE=${take}`, ...more]);
    const long = await slipway(words('time', ['--time-limit', '1s']), bed.options);
    assert.deepEqual([long.code, failureIn(long.stderr)], [51, 'it ran longer than 1 s'], long.stderr);
    const large = await slipway(words('file', LIMITS), asAnother(bed));
    assert.deepEqual([large.code, failureIn(large.stderr)], [51, 'it writes a file larger than 30.0 MB'], large.stderr);
    for (const line of [
      /^limit {11}time 20\.0 s for each command$/m,
      /^limit {11}memory 60\.0 MB for (all|each) process/m,
      /^limit {11}processes 40 for /m,
      /^limit {11}disk 30\.0 MB for each command$/m,
    ])
      assert.match(large.stderr, line);
    // From the environment too.
    const env = { ...bed.options.env, SLIPWAY_TIME_LIMIT: '1s' };
    const fromEnv = await slipway(words('time', []), { ...bed.options, env });
    assert.equal(failureIn(fromEnv.stderr), 'it ran longer than 1 s', fromEnv.stderr);
  });
});

function failureIn(stderr: string): string {
  return /buildpack test\/greedy@1\.0\.0 failed: (.*?) {2}/.exec(stderr)?.[1] ?? stderr;
}

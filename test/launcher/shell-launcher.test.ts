import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { PLATFORM_APIS, platformFeatures } from '../../src/cnb/features.ts';
import type { BuildMetadata } from '../../src/cnb/process.ts';
import { hasCode } from '../../src/core/errors.ts';
import { shellLauncher } from '../../src/launcher/shell-launcher.ts';
import { launchProcess, TEST_BUILDPACK, testShells } from '../support/launched.ts';

const FEATURES = platformFeatures('0.15');
const METADATA: BuildMetadata = {
  buildpacks: [TEST_BUILDPACK],
  extensions: [],
  labels: [],
  processes: [launchProcess('web', ["it's"], { args: ['a b'], execEnv: ['test'] })],
  slices: [],
};

describe('the shell launcher', () => {
  it('holds the processes as quoted words between its marks, and nothing else that varies', () => {
    const text = Buffer.from(shellLauncher(METADATA, FEATURES)).toString();
    const block = text.slice(text.indexOf('# >>> data\n'), text.indexOf('# <<< data\n'));
    assert.equal(
      block,
      String.raw`# >>> data
# launcher format 3
cnb__buildpacks=''\''test_one'\'''
cnb__processes() {
  case $1 in
    'web')
      cnb__offer 'direct' 'replace' 'test/one' '' ''\''test'\''' ''\''it'\''\'\'''\''s'\''' ''\''a b'\'''
      ;;
  esac
}
`,
    );
    const other = Buffer.from(shellLauncher({ ...METADATA, processes: [], buildpacks: [] }, FEATURES)).toString();
    assert.equal(other.slice(other.indexOf('# <<< data\n')), text.slice(text.indexOf('# <<< data\n')));
  });

  it('is the same bytes each time, for each Platform API', () => {
    for (const api of PLATFORM_APIS)
      assert.deepEqual(shellLauncher(METADATA, FEATURES), shellLauncher(METADATA, platformFeatures(api)));
  });

  it('has no bytes that an editor or a text-mode copy could change', () => {
    const text = Buffer.from(shellLauncher({ ...METADATA, processes: [] }, FEATURES)).toString('latin1');
    assert.match(text, /^[\n\t -~]*$/);
    assert.equal(text.includes('/dev/null'), text.includes('[ -c /dev/null ]'));
  });

  it('refuses a NUL and a Platform API that it does not know', () => {
    assert.throws(
      () => shellLauncher({ ...METADATA, processes: [launchProcess('web', ['a\0b'])] }, FEATURES),
      (error) => hasCode(error, 'PROCESS_INVALID'),
    );
    assert.throws(
      () => shellLauncher(METADATA, { ...FEATURES, api: '0.16' }),
      (error) => hasCode(error, 'LAUNCHER_UNUSABLE'),
    );
  });

  it('is sound to every shell and to shellcheck', (test) => {
    const input = shellLauncher(METADATA, FEATURES);
    for (const { argv } of testShells())
      assert.equal(spawnSync(argv[0], [...argv.slice(1), '-n'], { input }).status, 0);
    const checked = spawnSync('shellcheck', ['src/launcher/launcher.sh'], { encoding: 'utf8' });
    if (checked.error !== undefined) {
      assert.equal(process.env['SLIPWAY_REQUIRE_PEERS'], undefined, 'shellcheck is required here');
      test.diagnostic('shellcheck is not installed');
      return;
    }
    assert.equal(checked.stdout, '');
  });
});

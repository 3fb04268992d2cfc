import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TargetMetadata } from '../../src/cnb/analyzed.ts';
import type { Target } from '../../src/cnb/module.ts';
import { completeTarget, inferTargets, matchesTarget, parseOsRelease, printTarget } from '../../src/cnb/targets.ts';

const BASE: TargetMetadata = {
  os: 'linux',
  arch: 'arm',
  archVariant: 'v7',
  distro: { name: 'ubuntu', version: '24.04' },
};
const ANY: Target = { os: '', arch: '', archVariant: '', distros: [] };
const LINUX: Target = { ...ANY, os: 'linux' };
const BIONIC: Target = { os: 'linux', arch: 'amd64', archVariant: '', distros: [{ name: 'ubuntu', version: '18.04' }] };

describe('targets', () => {
  for (const [what, targets, isMatch] of [
    ['no targets', [], true],
    ['an empty target (D-46)', [ANY], true],
    ['the same os and architecture (D-45)', [{ ...ANY, os: 'linux', arch: 'arm' }], true],
    ['another architecture (D-45)', [{ ...ANY, os: 'linux', arch: 'arm64' }], false],
    ['another os', [{ ...ANY, os: 'windows' }], false],
    ['the same variant (D-47)', [{ ...ANY, archVariant: 'v7' }], true],
    ['another variant (D-47)', [{ ...ANY, archVariant: 'v6' }], false],
    [
      'the same distro',
      [
        {
          ...ANY,
          distros: [
            { name: 'debian', version: '12' },
            { name: 'ubuntu', version: '24.04' },
          ],
        },
      ],
      true,
    ],
    ['any version of the distro', [{ ...ANY, distros: [{ name: 'ubuntu', version: '' }] }], true],
    ['another distro', [{ ...ANY, distros: [{ name: 'debian', version: '12' }] }], false],
    ['a second target', [{ ...ANY, arch: 'arm64' }, LINUX], true],
  ] as const) {
    it(`${isMatch ? 'match' : 'do not match'}: ${what}`, () => assert.equal(matchesTarget({ targets }, BASE), isMatch));
  }

  it('with a distro do not match a base without one (D-49)', () => {
    assert.equal(matchesTarget({ targets: [BIONIC] }, { os: 'linux', arch: 'amd64' }), false);
  });

  it('are tried in order until one matches', () => {
    const tried: string[] = [];
    matchesTarget({ targets: [BIONIC, LINUX, ANY] }, BASE, (target) => void tried.push(printTarget(target)));
    assert.deepEqual(tried, ['{linux amd64  [{ubuntu 18.04}]}', '{linux   []}']);
  });

  for (const [what, module, expected] of [
    ['bionic from API 0.10 on (D-51)', { api: '0.10', stacks: ['x', 'io.buildpacks.stacks.bionic'] }, [BIONIC]],
    [
      'bionic before, when it is the only stack (D-51)',
      { api: '0.9', stacks: ['io.buildpacks.stacks.bionic'] },
      [BIONIC],
    ],
    ['not bionic before, among others (D-51)', { api: '0.9', stacks: ['x', 'io.buildpacks.stacks.bionic'] }, [LINUX]],
    ['any stack (D-46)', { api: '0.9', stacks: ['*'] }, [ANY]],
    ['a program (D-52)', { api: '0.9', stacks: [] }, [LINUX]],
    ['nothing at all', { api: '0.9', stacks: [], hasBuild: false }, []],
    ['an extension with a program', { api: '0.9', stacks: [], kind: 'extension' }, [LINUX]],
    ['an extension without programs', { api: '0.9', stacks: [], kind: 'extension', hasDetect: false }, [ANY]],
  ] as const) {
    it(`are inferred from ${what}`, () => {
      const facts = { kind: 'buildpack', hasBuild: true, hasDetect: true, hasGenerate: false } as const;
      assert.deepEqual(inferTargets({ ...facts, ...module }), expected);
    });
  }

  for (const [text, expected] of [
    ['PRETTY_NAME="x"\nVERSION_ID="10"\nID=debian\n', { name: 'debian', version: '10' }],
    ['ID=fedora\nVERSION_ID=37', { name: 'fedora', version: '37' }],
    ['ID= "ubuntu" \nVERSION_ID="18.04"\nID=second', { name: 'ubuntu', version: '18.04' }],
    ["ID='arch'", { name: "'arch'", version: '' }],
    ['ID\nVERSION_ID=a=b\nXID=c', undefined],
    ['', undefined],
  ] as const) {
    it(`read os-release ${JSON.stringify(text)} (D-53)`, () => assert.deepEqual(parseOsRelease(text), expected));
  }

  it('are completed from the build environment only where the run image is silent (D-48, D-49)', () => {
    const release = 'ID=debian\nVERSION_ID=12';
    const distro = { name: 'debian', version: '12' };
    assert.deepEqual(completeTarget(BASE, release, 'amd64'), BASE);
    assert.deepEqual(completeTarget({ os: 'linux', arch: 'arm64' }, release, 'amd64'), {
      os: 'linux',
      arch: 'arm64',
      distro,
    });
    assert.deepEqual(completeTarget(undefined, release, 'amd64'), { os: 'linux', arch: 'amd64', distro });
    assert.deepEqual(completeTarget(undefined, undefined, 'amd64'), { os: 'linux', arch: 'amd64' });
  });
});

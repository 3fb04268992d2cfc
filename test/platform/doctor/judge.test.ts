import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judgeBinfmt, judgeClock, judgeNode, judgeSystem } from '../../../src/platform/doctor/machine.ts';
import { judgeNamespaces, type NamespaceFacts } from '../../../src/platform/doctor/namespaces.ts';
import { judgeRoom } from '../../../src/platform/doctor/storage.ts';
import { reportLines, reportSummary } from '../../../src/term/doctor-report.ts';
import { symbolsOf } from '../../../src/term/symbols.ts';

const FACTS: NamespaceFacts = {
  isContainer: false,
  unprivilegedClone: undefined,
  maxUserNamespaces: '1000',
  appArmorRestriction: undefined,
  seccomp: '0',
  noNewPrivs: '0',
  overlayProblem: undefined,
};

describe('what the doctor judges', () => {
  it('a setting that forbids user namespaces is blamed where no sandbox works, and a fact where one does', () => {
    const settings = [
      ['kernel.unprivileged_userns_clone', { unprivilegedClone: '0' }],
      ['user.max_user_namespaces', { maxUserNamespaces: '0' }],
      ['kernel.apparmor_restrict_unprivileged_userns', { appArmorRestriction: '1' }],
    ] as const;
    for (const [name, facts] of settings) {
      const judged = (isSandboxed: boolean): readonly (string | undefined)[] => {
        const found = judgeNamespaces({ ...FACTS, ...facts }, { isSandboxed }).find((each) => each.name === name);
        return [found?.verdict, found?.remedy?.split(' ')[0]];
      };
      assert.deepEqual(
        [judged(false), judged(true)],
        [
          ['warn', 'sysctl'],
          ['note', undefined],
        ],
        name,
      );
    }
    const names = judgeNamespaces(FACTS, { isSandboxed: true }).map(({ name, verdict }) => `${name} ${verdict}`);
    assert.deepEqual(names, ['user.max_user_namespaces ok', 'container note', 'seccomp note', 'overlay ok']);
  });

  it('another system, an old Node and a clock that is years off', () => {
    assert.equal(judgeSystem({ platform: 'darwin', architecture: 'arm64' }).verdict, 'bad');
    assert.deepEqual(
      ['18.20.0', '20.18.3', '20.19.0', '22.0.0', '24.1.0'].map((version) => judgeNode(version).verdict),
      ['bad', 'bad', 'ok', 'ok', 'ok'],
    );
    assert.deepEqual(
      ['1970-01-01T00:00:00Z', '2026-01-01T00:00:00Z', '2120-01-01T00:00:00Z'].map(
        (time) => judgeClock(new Date(time)).verdict,
      ),
      ['warn', 'ok', 'warn'],
    );
  });

  it('foreign programs run when their interpreter is registered with F', () => {
    const entry = (flags: string, state = 'enabled'): { readonly name: string; readonly text: string } => ({
      name: 'qemu-aarch64',
      text: `${state}\ninterpreter /usr/bin/qemu-aarch64-static\nflags: ${flags}\noffset 0\n`,
    });
    assert.deepEqual(
      [[], [entry('OCF')], [entry('OC')], [entry('F', 'disabled')]].map((entries) => judgeBinfmt(entries).verdict),
      ['note', 'ok', 'warn', 'warn'],
    );
    assert.equal(judgeBinfmt([entry('F')]).found, 'runs aarch64');
  });

  it('room for files, and a place where no program may run', () => {
    const room = { path: '/cache', free: 1e11, freeFiles: 1e6, isNoExec: false };
    const verdicts = [room, { ...room, free: 1e9 }, { ...room, free: 1e8 }, { ...room, freeFiles: 10 }].map(
      (each) => judgeRoom(each, 'elsewhere').verdict,
    );
    assert.deepEqual(verdicts, ['ok', 'warn', 'bad', 'warn']);
    assert.equal(judgeRoom({ ...room, freeFiles: undefined }, 'elsewhere').verdict, 'ok');
    assert.deepEqual(judgeRoom({ ...room, isNoExec: true }, 'elsewhere'), {
      verdict: 'bad',
      found: '/cache is mounted noexec: no program of a builder could run',
      remedy: 'elsewhere',
    });
  });
});

describe('the report of the doctor', () => {
  const findings = [
    { area: 'machine', name: 'Node', verdict: 'ok', found: '20.19.0' },
    { area: 'sandbox', name: 'of builds', verdict: 'bad', found: 'none', remedy: 'install bubblewrap\nor unshare' },
    { area: 'sandbox', name: 'crun', verdict: 'note', found: 'not there' },
  ] as const;
  const symbols = symbolsOf({ color: false, unicode: false });

  it('has a line for each finding below its area, and what to do below that', () => {
    assert.deepEqual(reportLines(findings, symbols, { isQuiet: false }), [
      'machine',
      '  ok  Node  20.19.0',
      'sandbox',
      '  bad   of builds  none',
      '        do  install bubblewrap',
      '            or unshare',
      '  note  crun       not there',
    ]);
    assert.equal(reportSummary({ canBuild: false, findings }, symbols), 'slipway build cannot run here (1 bad)');
  });

  it('has only what is amiss when it is to be quiet', () => {
    assert.deepEqual(
      reportLines(findings, symbols, { isQuiet: true }).filter((line) => !line.startsWith('      ')),
      ['sandbox', '  bad  of builds  none'],
    );
  });
});

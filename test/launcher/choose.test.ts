import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { platformFeatures } from '../../src/cnb/features.ts';
import { hasCode } from '../../src/core/errors.ts';
import { chooseLauncher, foreseeLauncher, parseLauncherChoice, type LauncherFacts } from '../../src/launcher/choose.ts';
import type { DirectStart } from '../../src/launcher/direct-start.ts';

const BUILDER = '/cnb/lifecycle/launcher';
const START: DirectStart = { process: 'web', env: [], workingDir: '/workspace', entrypoint: ['/bin/app'], cmd: [] };

describe('the choice of a launcher', () => {
  it('is a path when it has a slash, else one of four words', () => {
    assert.deepEqual(parseLauncherChoice('./launcher'), { kind: 'path', path: './launcher' });
    for (const word of ['auto', 'builder', 'shell', 'none'])
      assert.deepEqual(parseLauncherChoice(word), { kind: word });
    for (const word of ['', 'Auto', 'launcher'])
      assert.throws(
        () => parseLauncherChoice(word),
        (error) => hasCode(error, 'ARGUMENT_INVALID') && error.exit === 3,
      );
  });

  it('takes the builder’s own when it fits the platform', async () => {
    const chosen = await chooseLauncher({ kind: 'auto' }, facts({ files: { [BUILDER]: elf(62) } }));
    assert.ok(chosen.kind === 'builder');
    assert.deepEqual(chosen.bytes, elf(62));
    assert.equal(chosen.label, undefined);
  });

  it('else the shell program, with a label and the reason', async () => {
    const chosen = await chooseLauncher({ kind: 'auto' }, facts({ files: { [BUILDER]: elf(183) } }));
    assert.ok(chosen.kind === 'shell');
    assert.match(Buffer.from(chosen.bytes).toString(), /^#!\/bin\/sh\n/);
    assert.deepEqual(chosen.label, { key: 'io.slipway.launcher.kind', value: 'sh' });
    assert.equal(
      chosen.reason,
      'the run image has /bin/sh (/cnb/lifecycle/launcher is for linux/arm64, the image for linux/amd64)',
    );
  });

  it('else says what is in the way', async () => {
    await assert.rejects(chooseLauncher({ kind: 'auto' }, facts({ shell: false })), (error) => {
      assert.ok(hasCode(error, 'LAUNCHER_UNUSABLE'));
      assert.equal(error.exit, 62);
      assert.deepEqual(error.details, {
        builder: 'there is no /cnb/lifecycle/launcher here',
        shell: 'the run image has no /bin/sh',
        none: 'there is no default process',
      });
      return true;
    });
  });

  it('or none, when there is no shell and the default process can start without', async () => {
    const chosen = await chooseLauncher({ kind: 'auto' }, facts({ shell: false, direct: START }));
    assert.ok(chosen.kind === 'none');
    assert.deepEqual(chosen.start, START);
    assert.deepEqual(chosen.label, { key: 'io.slipway.launcher.kind', value: 'none' });
    assert.equal(
      chosen.reason,
      'the process web can start without (there is no /cnb/lifecycle/launcher here, the run image has no /bin/sh)',
    );
    assert.equal((await chooseLauncher({ kind: 'auto' }, facts({ direct: START }))).kind, 'shell');
    assert.equal((await chooseLauncher({ kind: 'none' }, facts({ direct: START }))).kind, 'none');
    await assert.rejects(chooseLauncher({ kind: 'none' }, facts({})), (error) => {
      assert.ok(hasCode(error, 'LAUNCHER_UNUSABLE') && error.exit === 62);
      return error.message === 'the image cannot do without a launcher: there is no default process';
    });
  });

  it('is foreseen before the build as far as it can be', async () => {
    const shellLess = facts({ shell: false });
    assert.deepEqual(await foreseeLauncher({ kind: 'auto' }, facts({})), []);
    assert.deepEqual(await foreseeLauncher({ kind: 'none' }, shellLess), []);
    assert.deepEqual(
      await foreseeLauncher({ kind: 'auto' }, facts({ shell: false, files: { [BUILDER]: elf(62) } })),
      [],
    );
    assert.deepEqual(await foreseeLauncher({ kind: 'auto' }, shellLess), [
      'there is no /cnb/lifecycle/launcher here',
      'the run image has no /bin/sh',
    ]);
    for (const kind of ['shell', 'builder'] as const)
      await assert.rejects(foreseeLauncher({ kind }, shellLess), /launcher cannot be used: /);
    await assert.rejects(foreseeLauncher({ kind: 'path', path: '/gone' }, facts({})), /failed to stat launcher/);
  });

  it('takes what was asked for, or fails with exit 62 (E-24)', async () => {
    const path = { kind: 'path', path: '/io/stub' } as const;
    const chosen = await chooseLauncher(path, facts({ files: { '/io/stub': Buffer.from('bin') } }));
    assert.ok(chosen.kind === 'path');
    assert.deepEqual(chosen.bytes, Buffer.from('bin'));
    await assert.rejects(chooseLauncher(path, facts({})), (error) => {
      assert.ok(hasCode(error, 'LAUNCHER_UNUSABLE') && error.exit === 62);
      return error.message.includes("failed to stat launcher at path '/io/stub'");
    });
    await assert.rejects(
      chooseLauncher({ kind: 'builder' }, facts({ files: { [BUILDER]: Buffer.from('#!/bin/sh\n') } })),
      /is not an ELF program/,
    );
    await assert.rejects(chooseLauncher({ kind: 'shell' }, facts({ shell: false })), /has no \/bin\/sh/);
  });
});

function facts(given: {
  readonly files?: Readonly<Record<string, Uint8Array>>;
  readonly shell?: boolean;
  readonly direct?: DirectStart;
}): LauncherFacts {
  return {
    metadata: { buildpacks: [], extensions: [], labels: [], processes: [], slices: [] },
    features: platformFeatures('0.15'),
    platform: { os: 'linux', architecture: 'amd64' },
    readFile: (path) => Promise.resolve(given.files?.[path]),
    hasShell: () => Promise.resolve(given.shell ?? true),
    direct: () => Promise.resolve(given.direct ?? { obstacle: 'there is no default process' }),
  };
}

/** The first bytes of a little-endian 64-bit ELF file for a machine. */
function elf(machine: number): Uint8Array {
  const bytes = Buffer.alloc(64);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
  bytes.writeUInt16LE(machine, 18);
  return bytes;
}

import { bubblewrapSandbox } from '../../src/sandbox/bubblewrap.ts';
import { chrootSandbox } from '../../src/sandbox/chroot.ts';
import type { Context } from '../../src/core/context.ts';
import { crunSandbox } from '../../src/sandbox/crun.ts';
import type { SandboxLimits } from '../../src/sandbox/limits.ts';
import { failureOf, type Mount, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { unshareSandbox } from '../../src/sandbox/unshare.ts';

export type ForeignStrategy = 'bubblewrap' | 'unshare' | 'crun' | 'chroot';

/** Each with what it does without being told how, but that the small root has no setpriv. */
export function foreignSandbox(name: ForeignStrategy): Sandbox {
  switch (name) {
    case 'bubblewrap':
      return bubblewrapSandbox({ setup: { user: 'namespace' } });
    case 'unshare':
      return unshareSandbox();
    case 'crun':
      return crunSandbox();
    case 'chroot':
      return chrootSandbox();
  }
}

/** One command: a sh script, or a program by its path. */
export interface ForeignCommand {
  readonly script?: string;
  readonly program?: string;
  readonly limits?: SandboxLimits;
}

/** How commands end and what they print, by name: `[end, output]`, where no failure is `0`. */
export async function foreignRuns(
  setting: { readonly strategy: ForeignStrategy; readonly root: string; readonly mounts: readonly Mount[] },
  commands: Readonly<Record<string, ForeignCommand>>,
  ctx: Context,
): Promise<Readonly<Record<string, readonly [string, string]>>> {
  const sandbox = foreignSandbox(setting.strategy);
  const ends: Record<string, readonly [string, string]> = {};
  for (const [name, { script = '', program, limits }] of Object.entries(commands)) {
    let text = '';
    const exit = await sandbox.run(
      {
        root: { kind: 'directory', path: setting.root },
        argv: program === undefined ? ['/bin/sh', '-c', script] : [program],
        cwd: '/layers',
        env: { PATH: '/bin', HOME: '/home/cnb', WORD: 'two words' },
        mounts: setting.mounts,
        user: { uid: 1000, gid: 1000 },
        network: setting.strategy === 'chroot' ? 'host' : 'none',
        limits: { wallMs: 20_000, ...limits },
        onOutput: (_, bytes) => (text += Buffer.from(bytes).toString()),
      },
      ctx,
    );
    ends[name] = [failureOf(exit) ?? '0', text];
  }
  return ends;
}

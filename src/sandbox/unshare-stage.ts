import { quoted } from './shell-words.ts';
import type { MountStep } from './skeleton.ts';
import type { SandboxUser } from './sandbox.ts';

export interface Stage {
  readonly directory: string;
  readonly steps: readonly MountStep[];
  readonly proc: 'fresh' | 'bound';
  /** The owner of a private HOME, as the stage sees it. */
  readonly owner: SandboxUser;
  readonly temporaryBytes: number | undefined;
  readonly isInteractive: boolean;
  /** What becomes the command, once everything is mounted. */
  readonly argv: readonly string[];
}

/** What the stage writes on descriptor 4 when all that is left is to start the command; what it wrote before is why it failed. */
export const READY = 'slipway: ready\n';

/**
 * The sh program that is the first process of an `unshare` sandbox: it mounts the root, starts the command and waits for it, so that
 * orphans are reaped, a death by signal comes through as 128 + its number, and everything dies with it.
 */
export function stageScript(stage: Stage): string {
  const root = stage.directory;
  return [
    'exec 5>&2 2>&4',
    'set -eu',
    ...mount('rbind', root, root),
    ...stage.steps.flatMap((step) => stepLines(step, stage)),
    ...mount('remount,bind,ro,nosuid,nodev', undefined, root),
    'set +e',
    `printf %s ${quoted(READY)} >&4`,
    // In a shell of its own, so that this one says about signals what it has to say on descriptor 4.
    `(exec ${stage.argv.map(quoted).join(' ')}${stage.isInteractive ? '' : ' </dev/null'} 2>&5 3<&- 4>&- 5>&-)`,
    'exit $?',
    '',
  ].join('\n');
}

function stepLines(step: MountStep, stage: Stage): readonly string[] {
  switch (step.kind) {
    case 'bind':
      return bindLines(step, stage.directory);
    case 'tmpfs':
      return tmpfsLines(step, stage);
    case 'proc':
      return stage.proc === 'fresh'
        ? [`mount -t proc -o nosuid,nodev,noexec proc ${quoted(`${stage.directory}/proc`)}`]
        : mount('rbind', '/proc', `${stage.directory}/proc`);
    case 'dev':
      return deviceLines(`${stage.directory}/dev`, sizeOption(stage));
  }
}

function bindLines(step: MountStep & { kind: 'bind' }, root: string): readonly string[] {
  const access = step.writable ? 'rw' : 'ro';
  const target = `${root}${step.target}`;
  return [
    ...(step.isDirectory ? place(target) : []),
    ...mount(['rbind', access, ...step.flags].join(','), step.source, target),
    ...step.along.flatMap((other) =>
      mount(['remount', 'bind', access, ...other.flags].join(','), undefined, `${root}${other.target}`),
    ),
  ];
}

function tmpfsLines(step: MountStep & { kind: 'tmpfs' }, stage: Stage): readonly string[] {
  const { uid, gid } = stage.owner;
  const size = sizeOption(stage);
  const options = {
    everybody: ['mode=1777', ...size],
    command: ['mode=700', `uid=${String(uid)}`, `gid=${String(gid)}`, ...size],
    nobody: ['mode=755', 'ro'],
  }[step.access];
  const target = `${stage.directory}${step.target}`;
  return [...place(target), `mount -t tmpfs -o ${['nosuid', 'nodev', ...options].join(',')} tmpfs ${quoted(target)}`];
}

function sizeOption({ temporaryBytes }: Stage): readonly string[] {
  return temporaryBytes === undefined ? [] : [`size=${String(temporaryBytes)}`];
}

function deviceLines(dev: string, size: readonly string[]): readonly string[] {
  const nodes = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];
  const at = (name: string): string => quoted(`${dev}/${name}`);
  return [
    `mount -t tmpfs -o nosuid,mode=755 tmpfs ${quoted(dev)}`,
    `for n in ${nodes.join(' ')}; do : > ${quoted(dev)}/$n; mount --bind /dev/$n ${quoted(dev)}/$n; done`,
    `mkdir -m 755 ${at('pts')} ${at('shm')}`,
    `mount -t devpts -o newinstance,ptmxmode=0666,mode=620,nosuid,noexec devpts ${at('pts')}`,
    `mount -t tmpfs -o ${['nosuid', 'nodev', 'mode=1777', ...size].join(',')} tmpfs ${at('shm')}`,
    `ln -s pts/ptmx ${at('ptmx')}; ln -s /proc/self/fd ${at('fd')}`,
    `ln -s /proc/self/fd/0 ${at('stdin')}; ln -s /proc/self/fd/1 ${at('stdout')}; ln -s /proc/self/fd/2 ${at('stderr')}`,
    ...mount('remount,bind,ro,nosuid', undefined, dev),
  ];
}

function mount(options: string, source: string | undefined, target: string): readonly string[] {
  return [`mount -o ${options} ${source === undefined ? '' : `${quoted(source)} `}${quoted(target)}`];
}

/** Below other mounts (a tmpfs, a bound directory) a mount point is made now. */
function place(target: string): readonly string[] {
  return [`[ -d ${quoted(target)} ] || mkdir -p ${quoted(target)}`];
}

// A control group with limits for the programs that are started in it, where the machine lets us make one.
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';

/** `{prefix, failures(), remove()}` or undefined. `prefix`: words before the command that put it into the group. */
export function makeGroup({ memoryMb, cpus }) {
  return makeFirst({ memoryMb, cpus }) ?? makeSecond({ memoryMb, cpus });
}

/** Version 1: a directory in each controller. */
function makeFirst({ memoryMb, cpus }) {
  return make({
    files: {
      'memory/memory.limit_in_bytes': memoryMb * 2 ** 20,
      'cpu/cpu.cfs_period_us': 100_000,
      'cpu/cpu.cfs_quota_us': cpus * 100_000,
    },
    groups: ['memory', 'cpu'],
    failures: ['memory', 'memory.oom_control', /oom_kill (\d+)/],
  });
}

/** Version 2, where the root has the controllers for its children. */
function makeSecond({ memoryMb, cpus }) {
  return make({
    files: { 'memory.max': memoryMb * 2 ** 20, 'memory.swap.max': 0, 'cpu.max': `${String(cpus * 100_000)} 100000` },
    groups: ['.'],
    failures: ['.', 'memory.events', /oom_kill (\d+)/],
  });
}

function make({ files, groups, failures }) {
  const name = `slipway-bench-${String(process.pid)}`;
  const directories = groups.map((group) => join(ROOT, group, name));
  const remove = () => {
    for (const directory of directories) {
      try {
        rmdirSync(directory);
      } catch {
        // It was not made.
      }
    }
  };
  try {
    for (const directory of directories) mkdirSync(directory);
    for (const [file, value] of Object.entries(files)) {
      const [group, field] = file.includes('/') ? file.split('/') : ['.', file];
      writeFileSync(join(ROOT, group, name, field), String(value));
    }
  } catch {
    remove();
    return undefined;
  }
  const enter = directories.map((directory) => `echo $$ >${directory}/cgroup.procs`).join(' && ');
  const [group, field, pattern] = failures;
  return {
    prefix: ['/bin/bash', '-c', `${enter} && exec "$@"`, 'bash'],
    kills: () => Number(pattern.exec(readFileSync(join(ROOT, group, name, field), 'utf8'))?.[1] ?? 0),
    remove,
  };
}

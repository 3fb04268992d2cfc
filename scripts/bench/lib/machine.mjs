// What the machine is: everything that a time depends on, and no name of it.
import { createHash } from 'node:crypto';
import { readFileSync, statfsSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';

/** Magic numbers of statfs(2). */
const FILE_SYSTEMS = {
  0xef53: 'ext4',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0x01021994: 'tmpfs',
  0x794c7630: 'overlayfs',
  0x2fc12fc1: 'zfs',
};

export function machineFacts(directory) {
  const processors = cpus();
  const type = statfsSync(directory).type;
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: `Linux ${/^\d+\.\d+/.exec(release())?.[0] ?? release()}`,
    fileSystem: FILE_SYSTEMS[type] ?? `type 0x${type.toString(16)}`,
    hasShaInstructions: hasFlag('sha_ni'),
    hasAvx512: hasFlag('avx512bw'),
  };
}

function hasFlag(name) {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8').includes(` ${name} `);
  } catch {
    return false;
  }
}

/** Short name of a set of facts, so that rows measured on other machines do not mix unseen. */
export function machineId(facts) {
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 8);
}

export function load() {
  return Number(loadavg()[0].toFixed(1));
}

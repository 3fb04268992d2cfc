// A small Debian as a tar, made by debootstrap from the mirror that this machine's apt uses. It needs root and the network, once: the
// tar is kept by suite and architecture.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What belongs to this machine or to nobody: settings of its network, devices, what apt has downloaded, documentation. */
const LEFT_OUT = [
  ...['dev/*', 'proc/*', 'sys/*', 'run/*', 'tmp/*', 'etc/resolv.conf', 'etc/hostname'],
  ...['var/cache/apt/*', 'var/lib/apt/lists/*', 'var/log/*', 'var/cache/ldconfig/aux-cache'],
  ...['usr/share/doc/*', 'usr/share/man/*', 'usr/share/locale/*'],
];

/** `{tar, key, createdBy}` below `directory`. Throws with the reason when this machine cannot make it. */
export async function makeDebianRoot(directory) {
  const { suite, mirror } = aptSource();
  const architecture = output('dpkg', ['--print-architecture']).trim();
  const key = `${suite}-${architecture}`;
  const tar = join(directory, `${key}.tar`);
  if (!existsSync(tar)) {
    mkdirSync(directory, { recursive: true });
    bootstrap({ suite, mirror, tar });
  }
  return { tar, key, createdBy: `debootstrap --variant=minbase ${suite}` };
}

function bootstrap({ suite, mirror, tar }) {
  if (process.getuid() !== 0) throw new Error('debootstrap needs root');
  const scratch = mkdtempSync(join(tmpdir(), 'slipway-debian-'));
  try {
    const root = join(scratch, 'root');
    output('debootstrap', ['--variant=minbase', suite, root, mirror]);
    const excluded = LEFT_OUT.map((pattern) => `--exclude=${pattern}`);
    const staged = `${tar}.${process.pid}`;
    output('tar', [
      ...['--create', '--file', staged, '--directory', root, '--sort=name', '--numeric-owner', '--mtime=@315532801'],
      ...[...excluded, '--', ...readdirSync(root)],
    ]);
    renameSync(staged, tar);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The suite of this machine's own release, and where apt gets it from. */
function aptSource() {
  const codename = /^VERSION_CODENAME="?([^"\n]+)"?$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  if (codename === undefined) throw new Error('this machine says of no release that it is of');
  const format = '$(CREATED_BY) $(COMPONENT) $(RELEASE) $(REPO_URI)';
  const targets = output('apt-get', ['indextargets', '--format', format]).split('\n');
  const prefix = `Packages main ${codename} `;
  const found = targets.find((line) => line.startsWith(prefix) && /^https?:/.test(line.slice(prefix.length)));
  if (found === undefined) throw new Error(`apt knows no mirror of ${codename}: apt-get update may help`);
  return { suite: codename, mirror: found.slice(prefix.length) };
}

function output(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 << 20 });
  if (error?.code === 'ENOENT') throw new Error(`${command} is not installed`);
  if (status === 0) return stdout;
  throw new Error(`${command} ended with ${status}: ${`${stdout}${stderr}`.trim().split('\n').slice(-5).join(' | ')}`);
}

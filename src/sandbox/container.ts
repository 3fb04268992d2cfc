import { existsSync, readFileSync } from 'node:fs';

/** True inside a container, as far as engines leave a mark. */
export function isContainer(): boolean {
  return MARKS.some((path) => existsSync(path)) || ENGINE_ROOT.test(rootMount());
}

const MARKS: readonly string[] = [
  '/.dockerenv',
  '/run/.containerenv',
  '/run/secrets/kubernetes.io',
  '/var/run/secrets/kubernetes.io',
];

/** An overlay whose layers an engine keeps. */
const ENGINE_ROOT = / - overlay .*upperdir=[^,]*\/(?:containerd|docker|containers|crio|kubelet|buildkit)\//;

/** The line of /proc/self/mountinfo about `/`. */
function rootMount(): string {
  try {
    const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
    return lines.find((line) => line.split(' ')[4] === '/') ?? '';
  } catch {
    // Without /proc nothing is known.
    return '';
  }
}

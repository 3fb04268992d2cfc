import type { BytePath } from '../../layer/byte-path.ts';

/** Links that are followed for one path, as the kernel does it. */
const MAX_FOLLOWED = 40;

/**
 * The first of a tree's symbolic links that leads out of the tree, by itself or through others; targets that do not exist count too, and a
 * chain without an end leads nowhere. Paths are relative to the root, as `a/b`.
 */
export function leavingLink(links: ReadonlyMap<BytePath, BytePath>): BytePath | undefined {
  return [...links.keys()].find((path) => leaves(path, links));
}

function leaves(path: BytePath, links: ReadonlyMap<BytePath, BytePath>): boolean {
  const at: BytePath[] = [];
  const rest = path.split('/').reverse();
  let followed = 0;
  for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (at.pop() === undefined) return true;
      continue;
    }
    at.push(part);
    const target = links.get(at.join('/'));
    if (target === undefined) continue;
    if (target.startsWith('/')) return true;
    followed += 1;
    if (followed > MAX_FOLLOWED) return false;
    at.pop();
    rest.push(...target.split('/').reverse());
  }
  return false;
}

import type { FileRule } from '../../cnb/project.ts';
import type { FileFilter } from '../../workspace/copy-tree.ts';

/**
 * include and exclude of project.toml, with git's rules: case counts, a pattern that ends in a slash is a directory's, nothing below an
 * excluded directory comes back. Undefined where all files count.
 */
export async function openFileFilter(rule: FileRule | undefined): Promise<FileFilter | undefined> {
  if (rule === undefined) return undefined;
  const { default: ignore } = await import('ignore');
  const matcher = ignore({ ignorecase: false, allowRelativePaths: true });
  matcher.add(rule.patterns.map((pattern) => ({ pattern })));
  return (path, isDirectory) => {
    const matches = matcher.ignores(isDirectory ? `${path}/` : path);
    if (rule.kind === 'exclude') return matches ? 'leave' : 'take';
    if (matches) return 'take';
    return isDirectory ? 'look-inside' : 'leave';
  };
}

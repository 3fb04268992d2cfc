/** True for the directory itself and for what is below it. Both are absolute and normal. */
export function isWithinPath(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

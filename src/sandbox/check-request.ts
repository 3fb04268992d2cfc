import { SlipwayError } from '../core/errors.ts';
import type { SandboxRequest } from './sandbox.ts';

/** Throws `ARGUMENT_INVALID` for what cannot be passed to a process: NUL bytes, `=` in a name, relative paths. */
export function checkRequest(request: SandboxRequest): void {
  for (const [name, value] of Object.entries(request.env)) {
    if (name === '' || name.includes('=') || name.includes('\0')) {
      throw new SlipwayError('ARGUMENT_INVALID', `environment variable ${JSON.stringify(name)} has an impossible name`);
    }
    if (value.includes('\0')) {
      throw new SlipwayError('ARGUMENT_INVALID', `environment variable ${name} has a NUL byte in its value`);
    }
  }
  const paths = request.mounts.flatMap((mount) => [mount.source, mount.target]);
  const root = request.root.kind === 'directory' ? [request.root.path] : [];
  for (const path of [request.argv[0], request.cwd, ...paths, ...root]) {
    if (!path.startsWith('/')) throw new SlipwayError('ARGUMENT_INVALID', `path '${path}' is not absolute`);
  }
  for (const text of [...request.argv, request.cwd, ...paths, ...root]) {
    if (text.includes('\0')) throw new SlipwayError('ARGUMENT_INVALID', `${JSON.stringify(text)} has a NUL byte`);
  }
}

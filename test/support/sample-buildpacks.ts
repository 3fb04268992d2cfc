import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface SampleBuildpack {
  readonly id: string;
  readonly version?: string;
  readonly api?: string;
  /** Shell text of `bin/detect`; default: passes. */
  readonly detect?: string;
  /** Shell text of `bin/build`; `$1` is the layers directory of the buildpack. */
  readonly build: string;
  /** More lines of buildpack.toml. */
  readonly toml?: string;
}

/** Writes buildpacks as `<directory>/<escaped id>/<version>/`, and `<directory>/../order.toml` with all of them as one group. */
export function writeBuildpacks(
  directory: string,
  buildpacks: readonly SampleBuildpack[],
): { readonly buildpacks: string; readonly order: string } {
  for (const buildpack of buildpacks) {
    const version = buildpack.version ?? '1.0.0';
    const root = join(directory, buildpack.id.replaceAll('/', '_'), version);
    writeText(
      join(root, 'buildpack.toml'),
      `api = "${buildpack.api ?? '0.12'}"\n\n[buildpack]\nid = "${buildpack.id}"\nversion = "${version}"\n${buildpack.toml ?? ''}`,
    );
    writeText(join(root, 'bin/detect'), `#!/bin/sh\n${buildpack.detect ?? 'exit 0'}\n`, 0o755);
    writeText(join(root, 'bin/build'), `#!/bin/sh\nset -eu\n${buildpack.build}\n`, 0o755);
  }
  const order = join(dirname(directory), 'order.toml');
  const group = buildpacks.map(
    (buildpack) => `[[order.group]]\nid = "${buildpack.id}"\nversion = "${buildpack.version ?? '1.0.0'}"\n`,
  );
  writeText(order, `[[order]]\n${group.join('\n')}`);
  return { buildpacks: directory, order };
}

/** A buildpack with one launch layer (a program `bin/hello`) and a direct `web` process that runs it. */
export const HELLO: SampleBuildpack = {
  id: 'test/hello',
  build: `mkdir -p "$1/tool/bin" "$1/tool/env"
printf '#!/bin/sh\\necho "hello $GREETED from $(pwd)"\\n' >"$1/tool/bin/hello"; chmod 755 "$1/tool/bin/hello"
printf world >"$1/tool/env/GREETED"
printf '[types]\\nlaunch = true\\ncache = true\\n' >"$1/tool.toml"
printf '[[processes]]\\ntype = "web"\\ncommand = ["hello"]\\ndefault = true\\n' >"$1/launch.toml"`,
};

/** Writes an app of the given files, modes 0644. */
export function writeApp(directory: string, files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) writeText(join(directory, name), text, 0o644);
  return directory;
}

function writeText(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
}

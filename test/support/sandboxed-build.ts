import { chmodSync } from 'node:fs';
import type { BuilderBed } from './builder-bed.ts';
import type { ProgramOptions } from './program.ts';
import type { SampleBuildpack } from './sample-buildpacks.ts';
import { openDirectory } from './sandbox.ts';

/** Writes what it sees of its surroundings into a launch layer. */
export const OBSERVER: SampleBuildpack = {
  id: 'test/observer',
  build: `mkdir -p "$1/seen"
{ id -u; id -g; pwd; umask; echo "HOME=$HOME"; for f in /*; do ls -ldn "$f" | cut -c1-10; echo "$f"; done; } >"$1/seen/facts"
printf '[types]\\nlaunch = true\\ncache = true\\n' >"$1/seen.toml"
printf '[[processes]]\\ntype = "web"\\ncommand = ["/bin/cat", "/layers/test_observer/seen/facts"]\\ndefault = true\\n' >"$1/launch.toml"`,
};

/** How programs are run over a bed by an ordinary user with a home of its own, who may write outputs there. */
export function asAnother({ fixture, options }: BuilderBed): ProgramOptions {
  const home = openDirectory(fixture.directory, 'other-home');
  for (const path of [fixture.directory, home]) chmodSync(path, 0o777);
  const user = process.getuid?.() === 0 ? { user: { uid: 1001, gid: 1001 } } : {};
  return { ...options, env: { ...options.env, HOME: home }, ...user };
}

/** The words of a build of the bed's app with its builder. */
export function buildWords(args: readonly string[]): readonly string[] {
  return ['build', 'shop', '--path', 'app', '--builder', 'oci:builder', ...args];
}

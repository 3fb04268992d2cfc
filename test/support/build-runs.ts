import assert from 'node:assert/strict';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildFixture } from './build-fixture.ts';
import { lifecycle, slipway, type ProgramOptions, type ProgramResult } from './program.ts';

export interface BuildUser {
  readonly uid: number;
  readonly gid: number;
}

/** Gives all of a fixture to another user where root runs the tests; returns who is to run programs over it. */
export function giveFixtureTo(fixture: BuildFixture, uid: number): BuildUser {
  if (process.getuid?.() !== 0) return creatorUser();
  runOptions(fixture);
  for (const name of readdirSync(fixture.directory, { recursive: true, encoding: 'utf8' }))
    chownSync(join(fixture.directory, name), uid, uid);
  chownSync(fixture.directory, uid, uid);
  return { uid, gid: uid };
}

/** The fixture's directory as working directory, HOME and TMPDIR of its own inside it. */
export function runOptions(fixture: BuildFixture, options: ProgramOptions = {}): ProgramOptions {
  const { directory } = fixture;
  const tmp = join(directory, 'tmp');
  mkdirSync(tmp, { recursive: true });
  chmodSync(tmp, 0o1777);
  return {
    cwd: directory,
    ...options,
    env: { HOME: join(directory, 'home'), TMPDIR: tmp, ...options.env },
  };
}

/** `slipway build shop …` in the host sandbox, unless the arguments say otherwise. */
export function runBuild(
  fixture: BuildFixture,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  return slipway(buildArgs(fixture, args), runOptions(fixture, options));
}

export function buildArgs(fixture: BuildFixture, args: readonly string[]): readonly string[] {
  return [...fixture.args, ...(args.includes('--sandbox') ? [] : ['--sandbox', 'host']), ...args];
}

/** `bin/lifecycle/creator` over the fixture's files. */
export function runCreator(
  fixture: BuildFixture,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  return lifecycle('creator', creatorArgs(fixture, args), runOptions(fixture, options));
}

/** Arguments of a creator over the fixture's files, which then are the build user's. Root runs it for user 1000. */
export function creatorArgs(
  fixture: BuildFixture,
  args: readonly string[],
  user: BuildUser = creatorUser(),
): readonly string[] {
  const { directory } = fixture;
  for (const name of ['layers', 'platform']) mkdirSync(join(directory, name), { recursive: true });
  const { uid, gid } = user;
  if (process.getuid?.() === 0)
    for (const path of ['', 'layers', 'app', 'home'].map((name) => join(directory, name)))
      if (existsSync(path)) chownSync(path, uid, gid);
  return [
    ...['-app', 'app', '-layers', 'layers', '-platform', 'platform', '-buildpacks', 'bps', '-order', 'order.toml'],
    ...['-run-image', 'oci:run', '-launcher', '/bin/sh'],
    ...['-uid', String(uid), '-gid', String(gid)],
    ...args,
  ];
}

/** Who root becomes: someone this machine knows, as the creator wants it. Anybody else stays who they are. */
function creatorUser(): BuildUser {
  const uid = process.getuid?.() ?? 1000;
  if (uid !== 0) return { uid, gid: process.getgid?.() ?? 1000 };
  const known = /^[^:]*:[^:]*:1000:/m.test(readFileSync('/etc/passwd', 'utf8')) ? 1000 : 65534;
  return { uid: known, gid: known };
}

export interface ExpectedFailure {
  readonly code: number;
  /** Error code in brackets, where the front end shows one. */
  readonly error?: string;
  /** What the message must say. */
  readonly says: readonly (string | RegExp)[];
}

/** The exit code and message of a failure: it says what is expected, and is a message, not a stack trace or a chain of "failed to". */
export function assertFailure(result: ProgramResult, expected: ExpectedFailure): void {
  const text = result.stdout + result.stderr;
  assert.equal(result.code, expected.code, text);
  if (expected.error !== undefined) assert.ok(text.includes(`[${expected.error}]`), text);
  for (const part of expected.says) {
    if (typeof part === 'string') assert.ok(text.includes(part), `${part} in: ${text}`);
    else assert.match(text, part);
  }
  assert.doesNotMatch(text, /\n\s+at .*[:(]\d+|\[object |undefined|INTERNAL/);
}

/** Where builds without path mapping work and where modules are unpacked: the places stay, empty. */
const WORK = ['tmp/slipway-work', 'home/.cache/slipway/work', 'home/.cache/slipway/rootfs'];

/** A cache that nothing was put into: its directories, which are listed only when they are empty, and its image's name. */
const EMPTY_CACHE = /^home\/\.cache\/slipway\/builds\/[^/]+(?:\/(?:blobs\/sha256|diffs\/sha256|image|roots))?$/;

/** The names in the fixture's directory besides what it began with: what a run has left behind. */
export function leftovers(fixture: BuildFixture): readonly string[] {
  const begun = ['app', 'bps', 'home', 'order.toml', 'run', 'scratch', 'tmp'];
  const top = readdirSync(fixture.directory).filter((name) => !begun.includes(name));
  const below = ['home', 'tmp'].flatMap((name) => deepFiles(join(fixture.directory, name), name));
  return [...top, ...below].filter((name) => !WORK.includes(name) && !EMPTY_CACHE.test(name)).sort();
}

function deepFiles(directory: string, prefix: string): readonly string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() && readdirSync(join(directory, entry.name)).length > 0
      ? deepFiles(join(directory, entry.name), `${prefix}/${entry.name}`)
      : [`${prefix}/${entry.name}`],
  );
}

export function assertSucceeded(result: ProgramResult): void {
  assert.equal(result.code, 0, result.stdout + result.stderr);
}

/** The manifest digest of the image at a location, as `slipway inspect` reads it. */
export async function manifestDigest(fixture: BuildFixture, location: string): Promise<string> {
  const result = await slipway(['inspect', location], runOptions(fixture));
  assertSucceeded(result);
  return String(parseObject(result.stdout)['manifest']);
}

export function parseObject(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null ? { ...value } : assert.fail(`not an object: ${text}`);
}

/** The events of one kind that a run with `--progress json` or `--json` printed. */
export function eventsOf(result: ProgramResult, type: string): readonly Readonly<Record<string, unknown>>[] {
  const lines = `${result.stdout}${result.stderr}`.split('\n').filter((line) => line.startsWith('{"v":'));
  return lines.map(parseObject).filter((event) => event['type'] === type);
}

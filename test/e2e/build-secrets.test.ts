import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { builderBed, type BuilderBed } from '../support/builder-bed.ts';
import { finished, startSlipway } from '../support/program.ts';
import { processesWith } from '../support/sandbox.ts';
import type { SampleBuildpack } from '../support/sample-buildpacks.ts';

const TOKEN = 'npm_t0ken-of-the-tests/+=';
const ARGS = ['--secret', 'id=npm,src=token', '--verbose', '--output', 'oci:out', '--report', 'report.toml'];

/** Shows what it sees of the secret, prints it in pieces, and leaves it where BP_LEAK says. */
const LEAKER: SampleBuildpack = {
  id: 'test/leaker',
  toml: 'sbom-formats = ["application/vnd.cyclonedx+json"]\n',
  detect: 'cat /run/secrets/npm; exit 0',
  build: `s=/run/secrets/npm
echo "seen $(stat -c '%a %u %g' $s) $(wc -c <$s) $(env | grep -c "$(cat $s)" || true)"
(: >/run/secrets/other) 2>/dev/null && echo wrote
printf 'whole '; cat $s; echo; head -c 9 $s; tail -c +10 $s; echo; base64 $s
mkdir -p "$1/launch" "$1/cache"
printf '[types]\\nlaunch = true\\n' >"$1/launch.toml.new"
printf '[types]\\ncache = true\\n' >"$1/cache.toml"
meta=; label=ok
case "\${BP_LEAK:-}" in
  app) cat $s >/workspace/.npmrc ;;
  app-base64) { printf 'user:'; cat $s; } | base64 >/workspace/.npmrc ;;
  link) ln -s "$(base64 <$s)" /workspace/link ;;
  layer) cat $s >"$1/launch/.npmrc" ;;
  cache) cat $s >"$1/cache/.npmrc" ;;
  metadata) meta="[metadata]\\ntoken = \\"$(cat $s)\\"\\n" ;;
  label) label=$(cat $s) ;;
  sbom) cat $s >"$1/build.sbom.cdx.json" ;;
  fail) echo "cannot log in with $(cat $s)"; exit 3 ;;
  wait) echo ready; sleep \${BP_MARK} ;;
esac
printf '[types]\\nlaunch = true\\n'"$meta" >"$1/launch.toml.new"
mkdir -p "$1/run"; printf '[types]\\nlaunch = true\\n'"$meta" >"$1/run.toml"
rm -r "$1/launch.toml.new"
[ -e "$1/launch/.npmrc" ] && cp "$1/launch/.npmrc" "$1/run/.npmrc"
printf '[[labels]]\\nkey = "acme.label"\\nvalue = "%s"\\n[[processes]]\\ntype = "web"\\ncommand = ["/bin/true"]\\ndefault = true\\n' "$label" >"$1/launch.toml"`,
};

describe('slipway build --secret', () => {
  it('shows it to buildpacks as a file of their own and masks it in what they print', async (t) => {
    const bed = await secretBed(t);
    if (bed === undefined) return;
    const built = await bed.build([...ARGS, '--json', '--output', 'docker-archive:out.tar']);
    assert.equal(built.code, 0, built.stdout);
    assert.ok(built.stdout.includes(`"seen 400 1001 1002 ${String(TOKEN.length)} 0"`), built.stdout);
    assert.ok(built.stdout.includes('"whole ***"'), built.stdout);
    assert.equal(built.stdout.includes('"wrote"'), false);
    assert.equal(built.stdout.match(/"line":"\*\*\*"/g)?.length, 2, built.stdout);
    assertGone(bed, built.stdout + built.stderr);
  });

  const leaks = [
    ['app-base64', 'layer: slice-1', 'path: /workspace/.npmrc'],
    ['layer', 'layer: test/leaker:run', 'path: /layers/test_leaker/run/.npmrc'],
    ['cache', 'layer: test/leaker:cache', 'path: /layers/test_leaker/cache/.npmrc'],
    ['metadata', 'layer: test/leaker', 'path: the metadata of its layers'],
    ['label', 'path: '],
    ['sbom', 'path: /layers/sbom/build/test_leaker/sbom.cdx.json'],
  ] as const;
  it('refuses an image and a cache that would hold it, before anything is written, by layer and path', async (t) => {
    const bed = await secretBed(t);
    if (bed === undefined) return;
    for (const [place, ...facts] of leaks) {
      const refused = await bed.build([...ARGS, '--env', `BP_LEAK=${place}`, '--cache', 'format=bind;source=cache']);
      const said = refused.stderr.replace(/ +/g, ' ').replace(/(layer|path) /g, '$1: ');
      assert.notEqual(refused.code, 0, place);
      assert.match(refused.stderr, /\[SECRET_IN_IMAGE\]/, place);
      for (const fact of facts) assert.ok(said.includes(fact), `${place}: ${fact} is not in\n${refused.stderr}`);
      assert.deepEqual(
        readdirSync(bed.fixture.directory).filter((name) => /^report|^index.json/.test(name)),
        [],
      );
      assert.equal(
        filesBelow(join(bed.fixture.directory, 'cache')).filter((path) => /blobs|roots/.test(path)).length,
        0,
        place,
      );
      assertGone(bed, refused.stdout + refused.stderr);
    }
  });

  it('is gone after a failure and after Ctrl-C, and no message has it', async (t) => {
    const bed = await secretBed(t);
    if (bed === undefined) return;
    const failed = await bed.build([...ARGS, '--env', 'BP_LEAK=fail']);
    assert.equal(failed.code, 51, failed.stderr);
    assert.match(failed.stderr, /last line +cannot log in with \*\*\*/);
    assertGone(bed, failed.stderr);
    const mark = `600.${String(process.pid)}`;
    const args = [...ARGS, '--env', 'BP_LEAK=wait', '--env', `BP_MARK=${mark}`, '--builder', 'oci:builder'];
    const child = startSlipway(['build', 'shop', '--path', 'app', ...args], bed.options);
    const ended = finished(child);
    await new Promise<void>((done) => {
      child.stderr?.on('data', (chunk: Buffer) => {
        if (chunk.includes('ready')) done();
      });
    });
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    assert.equal(code, 130);
    assert.deepEqual(processesWith(mark), []);
    assertGone(bed, stderr);
  });

  it('is refused where it cannot be kept, by name and never with its bytes', async (t) => {
    const bed = await secretBed(t);
    if (bed === undefined) return;
    writeFileSync(join(bed.fixture.directory, 'short'), 'short\n');
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['--secret', 'id=a,src=missing'], /--secret a: cannot read missing/],
      [['--secret', 'id=a,src=short'], /--secret a: it is shorter than 8 bytes/],
      [['--secret', 'id=a,env=NOT_SET'], /there is no variable NOT_SET/],
      [['--secret', 'id=a,src=token', '--secret', 'id=a,env=TOKEN'], /there are two of that name/],
      [['--secret', 'id=a,env=TOKEN', '--env', 'TOKEN'], /the variable TOKEN for buildpacks has its bytes/],
      [['--secret', 'id=a'], /it needs one of src= and env=/],
    ];
    for (const [args, message] of cases) {
      const refused = await bed.build([...args, '--output', 'oci:out'], { TOKEN });
      assert.equal(refused.code, 3, refused.stderr);
      assert.match(refused.stderr, message);
      assertGone(bed, refused.stderr);
    }
  });
});

async function secretBed(t: Parameters<typeof builderBed>[0]): Promise<BuilderBed | undefined> {
  const bed = await builderBed(t, { buildpacks: [LEAKER] });
  if (bed !== undefined) writeFileSync(join(bed.fixture.directory, 'token'), `${TOKEN}\n`);
  return bed;
}

/** No output and no file of the test but the secret's own has the bytes, nor their base64. */
function assertGone({ fixture }: BuilderBed, output: string): void {
  const forms = [TOKEN, Buffer.from(TOKEN).toString('base64').slice(0, -4)];
  for (const form of forms) assert.equal(output.includes(form), false, output);
  for (const directory of [fixture.directory, '/dev/shm'])
    for (const path of filesBelow(directory))
      if (path !== join(fixture.directory, 'token'))
        for (const form of forms) assert.equal(readFileSync(path).includes(form), false, path);
}

function filesBelow(directory: string): readonly string[] {
  try {
    return readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .map((name) => join(directory, name))
      .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
  } catch {
    return [];
  }
}

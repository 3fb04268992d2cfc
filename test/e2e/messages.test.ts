import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import { issueCertificate } from '../../src/core/x509-issue.ts';
import { fromText } from '../../src/layer/byte-path.ts';
import { changedError } from '../../src/layer/read-error.ts';
import { encodeIndex } from '../../src/oci/manifest.ts';
import { OCI_INDEX } from '../../src/oci/media-types.ts';
import { assertLayerCount } from '../../src/phases/export/layer-count.ts';
import { describeError, errorLines } from '../../src/term/error-text.ts';
import { symbolsOf } from '../../src/term/symbols.ts';
import { putBase } from '../support/base-images.ts';
import { startProxy } from '../support/connect-proxy.ts';
import { testContext } from '../support/context.ts';
import { failureOf } from '../support/failure.ts';
import { AMD64, ARM64 } from '../support/lifecycle-bed.ts';
import { messageBed, type MessageBed } from '../support/message-bed.ts';
import type { ProgramResult } from '../support/program.ts';
import { startRegistry } from '../support/registry.ts';
import { HELLO, type SampleBuildpack } from '../support/sample-buildpacks.ts';

interface Message {
  /** What users of other tools met. */
  readonly failure: string;
  readonly buildpacks?: (bed: MessageBed) => readonly SampleBuildpack[];
  readonly run: (bed: MessageBed) => Promise<ProgramResult>;
  readonly exit: number;
  readonly says: string;
}

const BASIC = { kind: 'basic', users: { ann: 'secret' } } as const;
const LOG_IN = (repository: string): string =>
  `slipway login REGISTRY, or set CNB_REGISTRY_AUTH; what was looked at: slipway auth explain REGISTRY/${repository}`;

const MESSAGES: readonly Message[] = [
  {
    failure: '1: a run image that may not be read',
    run: (bed) => {
      const mirror = '[[registry.mirror]]\nlocation = "127.0.0.1:1/copy"';
      bed.write('.config/containers/registries.conf', `[[registry]]\nlocation = "${bed.registry}"\n${mirror}\n`);
      return bed.build(['--run-image', `${bed.registry}/base/run:1`]);
    },
    exit: 32,
    says: `error: the run image cannot be used: run image REGISTRY/base/run:1: REGISTRY refused to read image REGISTRY/base/run:1 without credentials; it may also not exist   [RUN_IMAGE_UNUSABLE]
  tried          REGISTRY/base/run:1
  repository     REGISTRY/base/run
  request        GET /v2/base/run/manifests/1
  status         401
  registry says  UNAUTHORIZED: authentication required
  scope          repository:base/run:pull
  credentials    none
  looked in      CNB_REGISTRY_AUTH: not set; ~/.docker/config.json: no such file
  mirrors tried  127.0.0.1:1/copy/base/run: 127.0.0.1:1 could not be reached: the connection was refused
  do             ${LOG_IN('base/run')}`,
  },
  {
    failure: '2: the cache is lost in the middle of a build; the image is there',
    buildpacks: ({ directory }) => [
      {
        id: 'test/cache',
        build: `mkdir "$1/l"; echo x >"$1/l/f"; printf '[types]\\ncache = true\\n' >"$1/l.toml"
mv '${directory}/cache' '${directory}/lost'; echo x >'${directory}/cache'`,
      },
    ],
    run: (bed) => bed.build(['--cache-dir', 'cache']),
    exit: 0,
    says: `warning: Failed to cache layer 'test/cache:l': cannot write DIR/cache/blobs/sha256: ENOTDIR: not a directory, mkdir 'DIR/cache/blobs/sha256'
warning: Failed to export cache: cannot write DIR/cache/blobs/sha256: ENOTDIR: not a directory, open 'DIR/cache/blobs/sha256'`,
  },
  {
    failure: '3: a daemon is asked for',
    run: (bed) => bed.build(['--output', 'docker-daemon:shop']),
    exit: 3,
    says: `error: --output docker-daemon:shop: this version does not talk to a daemon   [NOT_SUPPORTED]
  do        write docker-archive:FILE and run "docker load -i FILE"`,
  },
  {
    failure: '4: a store that lacks the blobs of another platform',
    run: async (bed) => {
      await bed.put('base/multi:1', async (sink) => {
        const manifests = [await putBase(sink, AMD64, bed.ctx), await putBase(sink, ARM64, bed.ctx)];
        const index = encodeIndex({ mediaType: OCI_INDEX, manifests, annotations: {} });
        await sink.putManifest(index, bed.ctx);
        missing = manifests[1]?.digest.slice('sha256:'.length) ?? assert.fail();
        return index.descriptor;
      });
      rmSync(join(bed.directory, 'registry/blobs/sha256', missing));
      return bed.slipway(['inspect', 'oci:registry:base/multi:1', '--platform', 'linux/arm64']);
    },
    exit: 1,
    says: `error: image oci:registry:base/multi:1 lists linux/arm64, but its manifest is not there   [IMAGE_NOT_FOUND]
  manifest      DIGEST
  not found in  oci:registry
  do            the image was copied without this platform: copy it again, whole`,
  },
  {
    failure: '8: a push that is refused, with a credential helper that is not there',
    run: (bed) => {
      bed.write('.docker/config.json', JSON.stringify({ credHelpers: { [bed.registry]: 'gone' } }));
      return bed.build(['--output', `docker://${bed.registry}/team/shop`]);
    },
    exit: 32,
    says: `error: failed to ensure registry read/write access to REGISTRY/team/shop:latest: REGISTRY refused to write REGISTRY/team/shop without credentials   [REGISTRY_UNAUTHORIZED]
  repository     REGISTRY/team/shop
  request        POST /v2/team/shop/blobs/uploads/
  status         401
  registry says  UNAUTHORIZED: authentication required
  scope          repository:team/shop:pull,push
  credentials    none
  looked in      CNB_REGISTRY_AUTH: not set; ~/.docker/config.json: docker-credential-gone is not on PATH
  do             ${LOG_IN('team/shop')}`,
  },
  {
    failure: '9: no group passes, with the words of each buildpack',
    buildpacks: () => [
      { ...HELLO, id: 'test/no', detect: 'echo "no pom.xml here"; exit 100' },
      { ...HELLO, id: 'test/bad', detect: 'echo "no space left on device" >&2; exit 3' },
    ],
    run: (bed) => bed.build([]),
    exit: 21,
    says: `error: no group of buildpacks fits the app, and at least one of them failed   [DETECT_FAILED]
  group 1   test/no 1.0.0   fail     no pom.xml here
            test/bad 1.0.0  error 3  no space left on device
  nearest   group 1: it would pass if test/no did not fail and test/bad did not fail
  do        mend what test/bad 1.0.0 reports, or choose other buildpacks`,
  },
  {
    failure: '10: buildpacks of another platform',
    buildpacks: () => [{ ...HELLO, toml: '[[targets]]\nos = "linux"\narch = "arm64"\n' }],
    run: (bed) => bed.build([]),
    exit: 21,
    says: `error: no group of buildpacks fits the app, and at least one of them failed   [DETECT_FAILED]
  group 1   test/hello 1.0.0  skipped  supports linux/arm64 only, target is linux/amd64
  do        --platform linux/arm64, or another --run-image`,
  },
  {
    failure: '12: a Buildpack API that is too new',
    buildpacks: () => [{ ...HELLO, api: '0.13' }],
    run: (bed) => bed.build([]),
    exit: 12,
    says: `error: failed to set API for Buildpack 'test/hello@1.0.0': buildpack API version '0.13' is incompatible with the lifecycle   [BUILDPACK_API_UNSUPPORTED]
  do        0.7 to 0.12 are supported: use another version of it, or a newer slipway`,
  },
  {
    failure: '14: a process that needs bash on a run image without it',
    buildpacks: () => [
      {
        id: 'test/shell',
        api: '0.8',
        build: `printf '[[processes]]\\ntype = "web"\\ncommand = "serve"\\n' >"$1/launch.toml"`,
      },
    ],
    run: (bed) => bed.build([]),
    exit: 0,
    says: 'warning: the process web needs /bin/bash, which the run image does not have: it cannot start. Choose a run image with bash, or make the process direct',
  },
];
let missing = '';

describe('what the common failures of builders say', () => {
  for (const { failure, buildpacks, run, exit, says } of MESSAGES)
    it(failure, async (t) => {
      const bed = await messageBed(t, { auth: BASIC });
      if (buildpacks !== undefined) bed.setBuildpacks(buildpacks(bed));
      const result = await run(bed);
      assert.equal(said(bed.plain(result.stderr)), says);
      assert.equal(result.code, exit);
    });

  it('1, 8: an identity token is of no use where a password is asked for, and is not said to be sent', async (t) => {
    const bed = await messageBed(t, { auth: BASIC });
    const env = { CNB_REGISTRY_AUTH: JSON.stringify({ [bed.registry]: 'X-Identity abcdef' }) };
    const { code, stderr } = await bed.slipway(['inspect', `${bed.registry}/base/run:1`], env);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /credentials {4}not sent: the registry asks for a password, and there is only an identity token\n/,
    );
  });

  it('5, 6: neither the right to change owners nor the socket of a daemon is needed', async (t) => {
    const bed = await messageBed(t);
    const owner = ['-uid', '2000', '-gid', '2000', '-log-level', 'debug'];
    const env = { DOCKER_HOST: 'unix:///denied/docker.sock' };
    const { code, stdout } = await bed.run('analyzer', [...owner, '-run-image', bed.runImage, 'oci:out:shop'], env);
    assert.equal(code, 0, stdout);
    assert.match(
      stdout,
      /\nRunning as user \d+; files of the image will belong to 2000:2000, which needs no privilege\n/,
    );
  });

  it('7: a certificate of an issuer that is not trusted', async (t) => {
    const bed = await messageBed(t);
    const { ca, ...tls } = await issueCertificate(['registry.test'], systemClock);
    assert.match(ca, /BEGIN CERTIFICATE/);
    const registry = await startRegistry(t, { tls });
    const port = Number(registry.name.split(':').at(-1));
    const proxy = await startProxy(t, { routes: new Map([['registry.test:443', port]]) });
    const env = { HTTPS_PROXY: `http://${proxy.address}` };
    const { code, stderr } = await bed.slipway(['inspect', 'registry.test/shop:v1'], env);
    assert.equal(code, 1);
    assert.match(stderr, /registry\.test .*the issuer of its certificate is not trusted +\[REGISTRY_UNREACHABLE\]\n/);
    assert.match(stderr, / {2}issued by +CN=Slipway registry/);
    assert.match(stderr, / {2}do +trust the issuer: --ca-file FILE \(SLIPWAY_CA_FILE\), or FILE as ~/);
  });

  it('11: more layers than can be stacked', (t) => {
    assert.equal(
      shown(failureOf(() => assertLayerCount(100, 28, testContext(t)))),
      `error: the image would have 128 layers (100 of the run image, 28 of its own), 127 can be run   [TOO_MANY_LAYERS]
  do        use fewer slices or buildpack layers, or a run image with fewer layers`,
    );
  });

  it('13: a rebase to a base of another architecture', async (t) => {
    const bed = await messageBed(t);
    const built = await bed.build([]);
    assert.equal(built.code, 0, built.stderr);
    await bed.put('base/arm:1', (sink) => putBase(sink, ARM64, bed.ctx));
    const { code, stderr } = await bed.slipway(['rebase', 'oci:out:shop', '--run-image', 'oci:registry:base/arm:1']);
    assert.equal(code, 72);
    assert.equal(
      said(stderr),
      `error: unable to satisfy target os/arch constraints; new run image: {"os":"linux","arch":"arm64","distro":{"name":"test","version":"1"}}, old run image: {"os":"linux","arch":"amd64","distro":{"name":"test","version":"1"}}   [REBASE_REFUSED]
  architecture  amd64 before, arm64
  do            another --run-image, or --force to override`,
    );
  });

  it('15: a file that changes while it is packed', () => {
    const state = { mtimeMs: 1, ino: 1 };
    assert.equal(
      shown(changedError(fromText('/app/log'), { ...state, size: 10 }, { ...state, size: 20 })),
      `error: /app/log changed while it was packed: 10 bytes before, 20 bytes after   [FILE_CHANGED]
  do        stop what writes to the file and try again`,
    );
  });
});

/** Warnings and the error of a program, without the lines of progress. */
function said(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => !line.startsWith('warning: nothing is isolated'));
  const error = lines.findIndex((line) => line.startsWith('error: '));
  const found = error < 0 ? lines.filter((line) => line.startsWith('warning: ')) : lines.slice(error);
  return found.join('\n').trimEnd();
}

function shown(error: unknown): string {
  return errorLines(describeError(error, 'slipway'), symbolsOf({ color: false, unicode: false })).join('\n');
}

/* eslint-disable no-control-regex -- control characters are what is tested */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Event } from '../../src/core/events.ts';
import { SlipwayError } from '../../src/core/errors.ts';
import { createJsonRenderer } from '../../src/term/json-renderer.ts';
import { createLifecycleRenderer } from '../../src/term/lifecycle-renderer.ts';
import { createPlainRenderer } from '../../src/term/plain-renderer.ts';
import { createTtyRenderer } from '../../src/term/tty-renderer.ts';
import { createScreen } from '../support/screen.ts';

const DIGEST = `sha256:${'5e3b9d20f7c6'.padEnd(64, '0')}`;
const INDEX = `sha256:${'77aa01cbe4d2'.padEnd(64, '0')}`;

const BUILD: readonly Event[] = [
  { type: 'build.start', image: 'shop' },
  { type: 'sandbox.chosen', strategy: 'bubblewrap', description: 'own user, read-only root, network on' },
  { type: 'phase.start', phase: 'analyze' },
  {
    type: 'image.resolved',
    role: 'run image',
    requested: 'registry.example/acme/run:24',
    index: INDEX,
    manifest: DIGEST,
    platform: 'linux/amd64',
  },
  { type: 'log', level: 'info', message: 'Image with name "shop" not found' },
  { type: 'phase.end', phase: 'analyze', ms: 100, summary: 'no previous image' },
  { type: 'phase.start', phase: 'detect' },
  { type: 'output', source: 'acme/node@2.1.0', stream: 'stdout', line: 'looking' },
  { type: 'detect.result', passed: ['acme/node@2.1.0', 'acme/procfile@1.0.0'], attempted: 5 },
  { type: 'phase.end', phase: 'detect', ms: 400 },
  { type: 'phase.start', phase: 'build' },
  { type: 'buildpack.start', phase: 'build', buildpack: 'acme/node@2.1.0' },
  { type: 'output', source: 'acme/node@2.1.0', stream: 'stdout', line: 'installing 84 packages' },
  { type: 'output', source: 'acme/node@2.1.0', stream: 'stderr', line: '' },
  { type: 'warning', code: 'X', message: 'a thing to know' },
  { type: 'phase.end', phase: 'build', ms: 6800 },
  { type: 'layer', id: 'base', diffId: 'd1', size: 70_000_000, status: 'referenced' },
  { type: 'layer', id: 'base', diffId: 'd2', size: 4_100_000, status: 'referenced' },
  { type: 'layer', id: 'acme/node:runtime', diffId: 'd3', size: 38_000_000, status: 'reused' },
  {
    type: 'layer',
    id: 'acme/node:modules',
    diffId: 'd4',
    size: 41_200_000,
    status: 'changed',
    reason: 'package-lock.json and 12 more',
  },
  { type: 'layer', id: 'slice-1', diffId: 'd5', size: 112_000, status: 'new' },
  { type: 'layer', id: 'buildpacksio/lifecycle:launch.sbom', diffId: 'd6', size: 100, status: 'reused' },
  { type: 'layer', id: 'buildpacksio/lifecycle:launcher', diffId: 'd7', size: 24_000, status: 'reused' },
  { type: 'layer', id: 'buildpacksio/lifecycle:config', diffId: 'd8', size: 45, status: 'new' },
  {
    type: 'build.end',
    image: 'shop',
    digest: DIGEST,
    platform: 'linux/amd64',
    layers: 8,
    size: 153_436_145,
    outputs: [
      { location: 'oci:out:shop', blobsWritten: 3, blobsTotal: 12 },
      { location: 'docker-archive:shop.tar', bytes: 153_600_000 },
    ],
  },
];

const PROGRESS = `sandbox         bubblewrap: own user, read-only root, network on
run image       registry.example/acme/run:24   index sha256:77aa01cbe4d2 → linux/amd64 sha256:5e3b9d20f7c6

analyze   0.1 s   no previous image
detect    0.4 s   acme/node 2.1.0, acme/procfile 1.0.0   (3 did not apply)
build
  acme/node 2.1.0
  │ installing 84 packages
  │
warning: a thing to know
build     6.8 s

layer                              size  status
base, 2 layers                  74.1 MB  referenced
acme/node:runtime               38.0 MB  reused
acme/node:modules               41.2 MB  changed: package-lock.json and 12 more
app                            112.0 kB  new
launch.sbom, launcher, config   24.1 kB  2 reused, 1 new

`;
const RESULT = `image   shop  linux/amd64  sha256:5e3b9d20f7c6  (8 layers, 153.4 MB)
        oci:out:shop             3 blobs new of 12
        docker-archive:shop.tar  153.6 MB
next    docker load -i shop.tar && docker run --rm shop
`;

describe('the plain renderer', () => {
  it('writes progress to the error stream and the result to the output stream', () => {
    const screen = createScreen();
    const renderer = createPlainRenderer(screen);
    BUILD.forEach(renderer.emit);
    assert.equal(screen.err(), PROGRESS);
    assert.equal(screen.out(), RESULT);
  });

  it('is ASCII where the terminal is', () => {
    const screen = createScreen({ unicode: false });
    BUILD.forEach(createPlainRenderer(screen).emit);
    assert.match(screen.err(), /index sha256:77aa01cbe4d2 -> linux/);
    assert.match(screen.err(), / {2}\| installing/);
    assert.match(screen.err(), /^[\u0000-\u007f]*$/);
  });

  it('quiet leaves the digest and errors', () => {
    const screen = createScreen();
    const renderer = createPlainRenderer({ ...screen, quiet: true });
    BUILD.forEach(renderer.emit);
    assert.equal(screen.out(), `${DIGEST}\n`);
    assert.equal(screen.err(), '');
  });

  it('verbose shows log lines and what detection printed', () => {
    const screen = createScreen();
    BUILD.forEach(createPlainRenderer({ ...screen, verbose: true }).emit);
    assert.match(screen.err(), /\nImage with name "shop" not found\n/);
    assert.match(screen.err(), /│ acme\/node@2.1.0: looking\n/);
  });

  it('a long step says every ten seconds that it moves', () => {
    const screen = createScreen();
    const renderer = createPlainRenderer(screen);
    renderer.emit({ type: 'phase.start', phase: 'restore' });
    for (let step = 0; step < 5; step += 1) {
      screen.advance(5000);
      renderer.tick();
    }
    assert.equal(screen.err(), 'restore   10.0 s so far\nrestore   20.0 s so far\n');
  });

  it('folds the build and marks errors for GitHub', () => {
    const screen = createScreen();
    const renderer = createPlainRenderer({ ...screen, ci: 'github' });
    renderer.emit({ type: 'phase.start', phase: 'build' });
    renderer.emit({ type: 'phase.end', phase: 'build', ms: 10 });
    renderer.fail({ error: new SlipwayError('DISK_FULL', 'no space\nleft 100%'), exitCode: 1 });
    assert.match(screen.err(), /::group::build\n::endgroup::\n/);
    assert.match(screen.err(), /::error::no space%0Aleft 100%25 \[DISK_FULL\]\n/);
  });
});

describe('the terminal renderer', () => {
  it('redraws one line, clears it before anything else and leaves nothing behind', () => {
    const screen = createScreen({ columns: 40 });
    const renderer = createTtyRenderer(screen);
    renderer.emit({ type: 'phase.start', phase: 'restore' });
    screen.advance(1200);
    renderer.tick();
    renderer.tick();
    renderer.emit({ type: 'warning', code: 'X', message: 'careful' });
    renderer.emit({ type: 'phase.end', phase: 'restore', ms: 1200 });
    renderer.tick();
    renderer.close();
    assert.equal(screen.err(), '\r\u001b[2Krestore   1.2 s\r\u001b[2Kwarning: careful\n\nrestore   1.2 s\n');
  });

  it('shows how far a transfer is', () => {
    const screen = createScreen({ columns: 120 });
    const renderer = createTtyRenderer(screen);
    const progress = { type: 'blob.progress', action: 'push', target: 'r.example/shop', total: 50_000_000 } as const;
    renderer.emit({ ...progress, digest: 'a', bytes: 0 });
    screen.advance(2000);
    renderer.emit({ ...progress, digest: 'a', bytes: 50_000_000 });
    renderer.emit({ ...progress, digest: 'b', bytes: 10_000_000 });
    renderer.tick();
    assert.equal(
      screen.err(),
      '\r\u001b[2Kpush  r.example/shop  ████████████░░░░░░░░  60.0 MB of 100.0 MB   30.0 MB/s   1.3 s left   (1 of 2 blobs)',
    );
  });

  it('shows what the plain one shows, and never more than ten redraws a second', () => {
    const screen = createScreen();
    const renderer = createTtyRenderer(screen);
    for (const event of BUILD) {
      renderer.emit(event);
      screen.advance(1);
      renderer.tick();
    }
    renderer.close();
    assert.equal(
      screen
        .err()
        .replace(/\r\u001b\[2K[^\n]*?(?=\r|$)/g, '')
        .replaceAll('\r\u001b[2K', ''),
      PROGRESS,
    );
    assert.equal(screen.out(), RESULT);
    assert.ok(screen.err().split('\u001b[2K').length < 5);
  });
});

describe('the JSON renderer', () => {
  it('is one versioned event a line, with a time', () => {
    const screen = createScreen();
    const renderer = createJsonRenderer(screen.terminal.out, screen.clock);
    BUILD.forEach(renderer.emit);
    const lines = screen.out().trimEnd().split('\n');
    assert.equal(lines.length, BUILD.length);
    assert.equal(lines[0], '{"v":1,"type":"build.start","time":"2026-01-01T00:00:00.000Z","image":"shop"}');
  });

  it('ends with the error, its exit code and what to do', () => {
    const screen = createScreen();
    const renderer = createJsonRenderer(screen.terminal.out, screen.clock);
    const error = new SlipwayError('PLATFORM_NOT_FOUND', 'no linux/arm64 image', {
      details: { offered: 'linux/amd64' },
      hint: { kind: 'choose-platform', offered: ['linux/amd64'] },
    });
    renderer.fail({ error, exitCode: 32 });
    assert.deepEqual(JSON.parse(screen.out()), {
      v: 1,
      type: 'error',
      time: '2026-01-01T00:00:00.000Z',
      code: 'PLATFORM_NOT_FOUND',
      message: 'no linux/arm64 image',
      hint: '--platform linux/amd64, or another --run-image',
      details: { offered: 'linux/amd64' },
      exitCode: 32,
    });
  });
});

describe('the lifecycle renderer', () => {
  const events: readonly Event[] = [
    { type: 'phase.start', phase: 'analyze' },
    { type: 'log', level: 'debug', message: 'Timer: Analyzer started' },
    { type: 'log', level: 'info', message: 'Image with name "a" not found' },
    { type: 'log', level: 'warn', message: 'careful' },
    { type: 'output', source: 'a/b@1', stream: 'stderr', line: '\u001b[1mraw\u001b[0m' },
  ];

  it('has the prefixes and colours of the Go lifecycle', () => {
    assert.equal(
      rendered({ level: 'info', color: true, headers: true }),
      '\u001b[36m===> ANALYZING\u001b[0m\nImage with name "a" not found\n\u001b[33;1mWarning: \u001b[0mcareful\n\u001b[1mraw\u001b[0m\n',
    );
  });

  it('filters by level and leaves headers to the creator', () => {
    assert.equal(rendered({ level: 'warn', color: false, headers: true }), 'Warning: careful\n\u001b[1mraw\u001b[0m\n');
    assert.match(rendered({ level: 'debug', color: false, headers: false }), /^Timer: Analyzer started\nImage/);
  });

  it('an error is one ERROR line, its facts and the flag that helps', () => {
    const screen = createScreen();
    const renderer = createLifecycleRenderer({
      write: screen.terminal.out,
      level: 'error',
      color: true,
      headers: false,
      stacks: false,
    });
    const hint = { kind: 'choose-platform', offered: ['linux/amd64', 'linux/arm/v7'] } as const;
    renderer.fail({
      error: new SlipwayError('PLATFORM_NOT_FOUND', 'failed to analyze: no', { details: { offered: 'x' }, hint }),
      exitCode: 32,
    });
    assert.equal(
      screen.out(),
      '\u001b[31;1mERROR: \u001b[0mfailed to analyze: no\n  offered   x\n  do        -target linux/amd64, or another -run-image\n',
    );
  });

  function rendered(options: {
    readonly level: 'debug' | 'info' | 'warn';
    readonly color: boolean;
    readonly headers: boolean;
  }): string {
    const screen = createScreen();
    const renderer = createLifecycleRenderer({ write: screen.terminal.out, stacks: false, ...options });
    events.forEach(renderer.emit);
    return screen.out();
  }
});

// The demo's story: base images → a builder → build into two outputs → validate → start and ask → edit a line → build again → compare.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../bootstrap.mjs';
import { makeBaseImages } from '../run-image/make.mjs';
import { askApp } from './ask-app.mjs';
import { sampleBuilder } from './builder.mjs';
import { containerOf, readImage, unpack, validateOutputs } from './built-image.mjs';
import { npmArguments, npmConfig } from './npm-settings.mjs';
import { commandText, runSlipway } from './run-slipway.mjs';
import { createChecks, fact, megabytes, seconds, short, title } from './screen.mjs';
import { chooseStarter, STARTER_NAMES } from './starters.mjs';
import { placeBuildpacks, prepareWorkDirectory } from './work-directory.mjs';

const IMAGE = 'web-app';
const NEW_MESSAGE = 'Hello again, with one line changed';

/** 0 when every check held, else 1. */
export async function runDemo(argv, started) {
  const { values } = parseArgs({
    args: argv,
    options: {
      sandbox: { type: 'string' },
      'start-with': { type: 'string' },
      work: { type: 'string' },
      'no-build': { type: 'boolean' },
    },
  });
  const slipway = await import('../../dist/index.js');
  const checks = createChecks();
  try {
    await slipway.withContext({}, (ctx) => tell({ slipway, ctx, checks, values }));
  } catch (error) {
    console.error(`error: ${error.message}`);
    checks.check('the demo ran to its end', false);
  }
  title(checks.failed() === 0 ? 'All is well' : 'Something is wrong');
  fact('checks', `${checks.count() - checks.failed()} of ${checks.count()} held`);
  fact('time', seconds(performance.now() - started));
  return checks.failed() === 0 ? 0 : 1;
}

async function tell(demo) {
  const { slipway, ctx, values } = demo;
  const paths = prepareWorkDirectory(values.work);
  title('Base images from this machine’s own shell, Node and npm');
  const start = performance.now();
  const images = await makeBaseImages(paths.baseImages, slipway, ctx);
  fact('run image', `${show(images.run.location)}  ${short(images.run.digest)}`);
  fact('build image', `${show(images.build.location)}  ${short(images.build.digest)}`);
  fact('time', `${seconds(performance.now() - start)}${images.isNew ? '' : ', kept from the last run'}`);
  const sandbox = await chooseSandbox(demo);
  const source = await makeBuilder(demo, { paths, images, sandbox });
  const args = buildArguments(paths, sandbox, source);

  title('1. From an app directory to an image, in two formats at once');
  const first = await build(demo, paths, args);
  const starter = await startAndAsk(demo, paths, first, readMessage(paths));

  title('2. One line of the app changes');
  writeFileSync(join(paths.app, 'message.js'), `export const message = '${NEW_MESSAGE}';\n`);
  fact('message.js', `'${NEW_MESSAGE}'`);
  const second = await build(demo, paths, args);
  compare(demo, first, second);
  if (starter !== undefined) await startAndAsk(demo, paths, second, NEW_MESSAGE, starter);

  title('Where everything is');
  fact('OCI layout', `${show(paths.layout)}  (oci:${show(paths.layout)}:${IMAGE})`);
  fact('docker tar', show(paths.archive));
  fact('digest', second.image.manifestDigest);
  fact('app, cache', `${show(paths.app)}, ${show(paths.cache)}`);
  fact('run it', `docker load -i ${show(paths.archive)} && docker run --rm -p 8080:8080 ${IMAGE}`);
}

/** A builder image, and the arguments that name it. The host sandbox has no root of its own: the buildpacks are taken as they lie here. */
async function makeBuilder({ slipway, ctx, checks }, { paths, images, sandbox }) {
  if (sandbox === 'host') {
    fact('builder', 'none: a builder image needs a sandbox to run in; the buildpacks of the checkout are used');
    const order = 'testdata/samples/order.toml';
    const runImage = ['--run-image', show(images.run.location)];
    const npm = npmArguments(npmConfig());
    return ['--buildpacks', show(placeBuildpacks(sandbox)), '--order', order, ...runImage, ...npm];
  }
  title('A builder image of two sample buildpacks');
  const location = `oci:${show(paths.builder)}`;
  writeFileSync(paths.builderToml, sampleBuilder({ build: images.build.location, run: images.run.location }));
  const args = ['builder', 'create', location, '--config', show(paths.builderToml)];
  console.log(`\n$ ${commandText(args)}\n`);
  const { ms } = await runSlipway(args, createRenderer({ slipway, ctx }));
  fact('time', seconds(ms));
  const problems = await slipway.validateStore(slipway.openLayout(paths.builder), ctx);
  checks.check(
    'the builder image is sound',
    problems.length === 0,
    problems.map(({ problem }) => problem).join('\n     '),
  );
  return ['--builder', location];
}

function buildArguments(paths, sandbox, source) {
  // A cached layer knows the path it was made for, which depends on the sandbox.
  const cache = join(paths.cache, sandbox);
  return [
    ...['build', IMAGE, '--path', show(paths.app), ...source],
    ...['--cache-dir', show(cache), ...(sandbox === 'auto' ? [] : ['--sandbox', sandbox])],
    ...['--output', `oci:${show(paths.layout)}`, '--output', `docker-archive:${show(paths.archive)}`],
  ];
}

/** The asked sandbox, else the best that works in the builder, else the host after saying so. */
async function chooseSandbox({ slipway, ctx, values }) {
  if (values.sandbox !== undefined) return values.sandbox;
  try {
    await slipway.chooseSandbox('auto', ctx);
    return 'auto';
  } catch (error) {
    if (!slipway.hasCode(error, 'SANDBOX_UNAVAILABLE')) throw error;
    const why = Object.entries(error.details).map(([name, reason]) => `${name}: ${reason}`);
    fact('sandbox', ['host, which isolates nothing, since nothing better works here', ...why].join('\n'));
    return 'host';
  }
}

function createRenderer({ slipway, ctx }) {
  const terminal = {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stdout.write(text),
    columns: process.stdout.columns ?? 80,
    color: process.stdout.isTTY === true && !process.env.NO_COLOR,
    unicode: true,
  };
  return slipway.createPlainRenderer({ terminal, clock: ctx.clock });
}

async function build(demo, paths, args) {
  const { slipway, ctx, checks } = demo;
  console.log(`\n$ ${commandText(args)}\n`);
  const { events, ms } = await runSlipway(args, createRenderer({ slipway, ctx }), {
    SLIPWAY_CACHE_DIR: paths.unpacked,
  });
  console.log('');
  const { image, layers } = await readImage(paths, slipway, ctx);
  const problems = await validateOutputs(paths, slipway, ctx);
  fact('whole build', seconds(ms));
  checks.check(
    'the OCI layout is sound: every blob, digest, size and diffID',
    problems.layout.length === 0,
    problems.layout.join('\n     '),
  );
  checks.check('the docker tar is sound', problems.archive.length === 0, problems.archive.join('\n     '));
  checks.check(
    'both outputs hold one and the same manifest',
    new Set(problems.digests).size === 1,
    problems.digests.join(', '),
  );
  const unpacked = events.filter((event) => event.type === 'rootfs.unpacked').length;
  return { image, layers, unpacked, claims: events.filter((event) => event.type === 'layer') };
}

/** Starts the image as it is, then with a shell command, and asks both. Returns how it was started; undefined when nothing can. */
async function startAndAsk(demo, paths, { image }, message, chosen) {
  const { slipway, ctx, checks, values } = demo;
  const root = await unpack(image, paths, slipway, ctx);
  const facts = { root, archive: paths.archive, bundle: paths.bundle, image: IMAGE };
  const starter = chosen ?? announce(chooseStarter(containerOf(image, facts), values['start-with']), values);
  if (starter === undefined) {
    checks.check('the asked way of starting works here', values['start-with'] === undefined);
    return undefined;
  }
  if (chosen !== undefined) starter.prepare?.(facts);
  const asItIs = await askApp(starter, containerOf(image, facts));
  fact(
    'asked',
    `${image.config.entrypoint.join(' ')} with ${starter.name}: HTTP ${asItIs.status} after ${seconds(asItIs.ms)}`,
  );
  const command = ['/cnb/lifecycle/launcher', 'node server.js'];
  const { answer, status, ms } = await askApp(starter, containerOf(image, facts, command));
  fact('asked', `launcher 'node server.js': HTTP ${status} after ${seconds(ms)}`);
  fact('answer', JSON.stringify(answer, null, 2));
  checks.check(
    'the default process answers with the message',
    asItIs.status === 200 && asItIs.answer.message === message,
  );
  checks.check(
    'its environment has the value set by exec.d',
    String(asItIs.answer.fromExecD).startsWith('exec.d says hello'),
  );
  checks.check(
    'started with a shell command it has the values set by exec.d and by profile.d',
    status === 200 &&
      String(answer.fromExecD).startsWith('exec.d says') &&
      answer.fromProfileD === `profile.d heard: ${answer.fromExecD}`,
  );
  return starter;
}

function announce({ starter, refused }, values) {
  for (const reason of refused) fact('cannot use', reason);
  if (starter === undefined) {
    const tried = values['start-with'] ?? STARTER_NAMES.join(', ');
    fact('not started', `this machine lets nothing start a container here (${tried}); the image was only validated`);
  }
  return starter;
}

/** Exactly the app layer is another one, and the program's own table said the same. */
function compare({ checks }, first, second) {
  const changed = second.layers.filter((layer, index) => layer.digest !== first.layers[index]?.digest);
  const names = changed.map((layer) => `${layer.createdBy} (${megabytes(layer.size)}, ${short(layer.digest)})`);
  fact('changed', names.join('\n') || 'nothing');
  fact('the same', `${second.layers.length - changed.length} of ${second.layers.length} layers`);
  checks.check(
    'exactly one layer changed',
    changed.length === 1 && first.layers.length === second.layers.length,
    names.join(', '),
  );
  checks.check(
    'it is the app’s',
    changed.every((layer) => layer.createdBy.startsWith('Application')),
  );
  checks.check('no builder was unpacked a second time', second.unpacked === 0);
  const fresh = second.claims.filter((event) => event.status === 'new' || event.status === 'changed');
  checks.check(
    'the rest was reused',
    fresh.length === 1,
    fresh.map((event) => `${event.id} ${event.status}`).join(', '),
  );
}

function readMessage(paths) {
  return /'(.*)'/.exec(readFileSync(join(paths.app, 'message.js'), 'utf8'))?.[1];
}

/** Paths as seen from the checkout, which is where everything is run. */
function show(text) {
  return text.replaceAll(`${ROOT}/`, '');
}

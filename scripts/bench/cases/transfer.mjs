// B9, B10: images to and from a registry.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../bootstrap.mjs';
import { rootFiles } from '../data/root-files.mjs';
import { compileBench } from '../lib/compile.mjs';
import { withRegistry } from '../lib/docker-registry.mjs';
import { writeFileLayout, writeRandomLayout } from '../lib/layouts.mjs';
import { measure } from '../lib/measure.mjs';
import { linesOf, runPairs, settle } from '../lib/pairs.mjs';
import { findPeers } from '../lib/peers.mjs';

const SLIPWAY = [process.execPath, join(ROOT, 'dist/bin/slipway.js')];

export const PUSH = {
  id: 'B9',
  title: 'push an image from a layout to an empty registry',
  minutes: 1.5,
  run: async (bench) => {
    const large = { count: 5, bytes: Math.round(64e6 * bench.scale), name: '5 layers of 64 MB', limit: 0.9 };
    const small = {
      count: Math.max(2, Math.round(60 * bench.scale)),
      bytes: 200_000,
      name: '60 layers of 200 kB',
      limit: 0.8,
    };
    return [await push(bench, large, 'crane'), await push(bench, large, 'skopeo'), await push(bench, small, 'skopeo')];
  },
};

export const PULL = {
  id: 'B10',
  title: 'a root file system of 200 MB into tmpfs',
  minutes: 1.7,
  run: pull,
};

/** Every push goes to a registry of its own: skopeo notes which registry has which blob, and would mount from its second push on. */
async function push(bench, { count, bytes, name, limit }, program) {
  const { found, gap } = findPeers([program, 'docker-registry']);
  const subject = name;
  const server = found['docker-registry'];
  if (server === undefined) return { subject, peer: found[program], gap, lines: [] };
  const layout = join(bench.work, `image-${String(count)}`);
  if (!existsSync(layout)) writeRandomLayout(layout, { count, bytes });
  const commands = {
    ours: (to) => [...SLIPWAY, 'image', 'copy', '--quiet', `oci:${layout}:v1`, to],
    crane: (to) => ['crane', 'push', '--insecure', layout, to],
    skopeo: (to) => ['skopeo', 'copy', '-q', '--dest-tls-verify=false', `oci:${layout}:v1`, `docker://${to}`],
  };
  const once = (who) =>
    withRegistry({ program: server.path, directory: join(bench.work, 'registry') }, async (registry) => {
      settle();
      return measure(commands[who](`${registry.name}/bench/image:v1`));
    });
  const samples = await runPairs({
    pairs: bench.pairs,
    ours: () => once('ours'),
    peer: gap === undefined ? () => once(program) : undefined,
  });
  return { subject, peer: found[program], gap, lines: linesOf(samples, { wall: limit }) };
}

/** The digests and the diffIDs are checked by us and by nobody else; tar has the file, we have an image in a layout or in a registry. */
async function pull(bench) {
  const { found, gap } = findPeers(['tar', 'gzip', 'docker-registry', 'umoci']);
  if (found.tar === undefined || found.gzip === undefined) return [{ gap, lines: [] }];
  if (!existsSync('/dev/shm')) return [{ gap: 'there is no tmpfs at /dev/shm', lines: [] }];
  const program = await compileBench('unpack-image');
  const place = mkdtempSync('/dev/shm/slipway-bench-');
  try {
    const files = {
      1: rootFiles(place, { bytes: 200e6 * bench.scale, parts: 1 }),
      4: rootFiles(place, { bytes: 200e6 * bench.scale, parts: 4 }),
    };
    for (const parts of [1, 4]) await writeFileLayout(join(place, `layout-${String(parts)}`), files[parts]);
    const out = join(place, 'out');
    const timed = async (command) => {
      rmSync(out, { recursive: true, force: true });
      mkdirSync(out);
      const sample = await measure(command);
      rmSync(out, { recursive: true, force: true });
      return sample;
    };
    const tar = (parts) => () => {
      const each = files[parts].map((file) => `tar xzf ${file} -C ${out}`).join(' && ');
      return timed(['/bin/bash', '-c', each]);
    };
    const ours = (location) => () => timed([process.execPath, program, location, out]);
    const layout = (parts) => `oci:${join(place, `layout-${String(parts)}`)}:v1`;
    const row = async (
      subject,
      pair,
      { peer = { ...found.tar, title: '`tar xzf`' }, limits = { wall: 0.9 } } = {},
    ) => ({
      subject,
      peer,
      lines: linesOf(await runPairs({ pairs: bench.pairs, before: () => undefined, ...pair }), limits),
    });
    const rows = [
      await row('one layer, from a layout', { ours: ours(layout(1)), peer: tar(1) }),
      await row('four layers, from a layout', { ours: ours(layout(4)), peer: tar(4) }),
    ];
    rows.push(await fromRegistry());
    rows.push(await againstUmoci());
    return rows;

    async function fromRegistry() {
      const subject = 'four layers, pulled from a registry on loopback';
      const server = found['docker-registry'];
      if (server === undefined) return { subject, gap: 'not on PATH: docker-registry', lines: [] };
      return withRegistry({ program: server.path, directory: join(place, 'registry') }, async ({ name }) => {
        await measure([...SLIPWAY, 'image', 'copy', '--quiet', layout(4), `${name}/bench/root:v1`]);
        return row(subject, { ours: ours(`${name}/bench/root:v1`), peer: tar(4) });
      });
    }

    async function againstUmoci() {
      const subject = 'one layer, from a layout';
      if (found.umoci === undefined) return { subject, gap: 'not on PATH: umoci', lines: [] };
      const image = `${join(place, 'layout-1')}:v1`;
      const theirs = () => timed(['umoci', 'unpack', '--image', image, join(out, 'bundle')]);
      return row(subject, { ours: ours(layout(1)), peer: theirs }, { peer: found.umoci, limits: {} });
    }
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { findCgroupPlaces, type CgroupView } from '../../src/sandbox/cgroup-place.ts';
import { temporaryDirectory } from '../support/context.ts';

const BOTH = ['memory', 'pids'] as const;

/** What a kernel shows, as files: groups by path with their own files. */
function kernel(t: TestContext, groups: Readonly<Record<string, Readonly<Record<string, string>>>>): string {
  const top = temporaryDirectory(t);
  for (const [path, files] of Object.entries(groups)) {
    mkdirSync(join(top, path), { recursive: true });
    for (const [name, text] of Object.entries({ 'cgroup.procs': '', ...files }))
      writeFileSync(join(top, path, name), text);
  }
  return top;
}

function unified(top: string, path: string): CgroupView {
  const mounts = `30 24 0:26 / ${top} rw,nosuid shared:9 - cgroup2 cgroup2 rw\n`;
  return { membership: `0::${path}\n`, mounts };
}

describe('where control groups can be made', () => {
  it('version 2: beside this process’s own group, where the group above hands the controllers down', (t) => {
    const top = kernel(t, {
      '/': { 'cgroup.subtree_control': 'cpu memory pids' },
      '/user.slice': { 'cgroup.subtree_control': 'memory' },
      '/user.slice/app.slice': { 'cgroup.subtree_control': 'cpu memory pids' },
      '/user.slice/app.slice/shell.scope': {},
    });
    const [place, ...others] = findCgroupPlaces(unified(top, '/user.slice/app.slice/shell.scope'), BOTH);
    assert.deepEqual(others, []);
    assert.equal(place?.parent, join(top, '/user.slice/app.slice'));
    assert.deepEqual([place.version, place.controllers, place.mustMove], [2, BOTH, false]);
    // The one above it lacks a controller: the next is taken.
    const [higher] = findCgroupPlaces(unified(top, '/user.slice/app.slice'), BOTH);
    assert.equal(higher?.parent, top);
  });

  it('version 2: below its own group where that is delegated and this process is alone in it', (t) => {
    const own = { 'cgroup.controllers': 'cpu memory pids', 'cgroup.procs': `${String(process.pid)}\n` };
    const top = kernel(t, { '/': own });
    const [place] = findCgroupPlaces(unified(top, '/'), BOTH);
    assert.deepEqual([place?.parent, place?.mustMove], [top, true]);
    const crowded = kernel(t, { '/': { ...own, 'cgroup.procs': `${String(process.pid)}\n1\n` } });
    assert.deepEqual(findCgroupPlaces(unified(crowded, '/'), BOTH), []);
  });

  it('version 1: below its own group of each controller, by the part of it that is mounted', (t) => {
    const memory = kernel(t, { '/inner': {} });
    const pids = kernel(t, { '/': {} });
    const view = {
      membership: '8:pids:/\n4:memory:/outer/inner\n0::/\n',
      mounts: [
        `28 24 0:27 /outer ${memory} rw - cgroup cgroup rw,memory`,
        `29 24 0:28 / ${pids} rw - cgroup cgroup rw,pids`,
      ].join('\n'),
    };
    assert.deepEqual(
      findCgroupPlaces(view, BOTH).map(({ version, parent, controllers }) => [version, parent, controllers]),
      [
        [1, join(memory, 'inner'), ['memory']],
        [1, pids, ['pids']],
      ],
    );
  });

  it('nowhere without a mount, a membership or the right to write', (t) => {
    const top = kernel(t, { '/': { 'cgroup.subtree_control': 'memory pids' }, '/own': {} });
    assert.deepEqual(findCgroupPlaces({ membership: '0::/own\n', mounts: '' }, BOTH), []);
    assert.deepEqual(findCgroupPlaces({ membership: '', mounts: unified(top, '/').mounts }, BOTH), []);
    if (process.getuid?.() === 0) return;
    chmodSync(top, 0o555);
    assert.deepEqual(findCgroupPlaces(unified(top, '/own'), BOTH), []);
  });
});

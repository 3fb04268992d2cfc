// The other Node that tests run on too.
import { spawnSync } from 'node:child_process';

/** `SLIPWAY_TEST_NODE` as a list of none or one `{path, version}`. */
export function otherNode() {
  const path = process.env.SLIPWAY_TEST_NODE;
  if (path === undefined || path === '') return [];
  const { stdout, status } = spawnSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`SLIPWAY_TEST_NODE=${path} does not run`);
  return [{ path, version: stdout.trim() }];
}

/** `Node 20`. */
export function nodeTitle({ version }) {
  return `Node ${version.split('.')[0]}`;
}

/** The most memory that an export may take: Node 24 frees external memory later. */
export function memoryLimit({ version }) {
  return Number(version.split('.')[0]) >= 24 ? 160 : 128;
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeProject } from '../../../src/cnb/files/project.ts';
import type { BuildOptions } from '../../../src/platform/build/options.ts';
import { withDescriptor } from '../../../src/platform/descriptor/descriptor-options.ts';
import type { ModuleRequest } from '../../../src/platform/modules/module-request.ts';
import { testMachine } from '../../support/machine.ts';

const SCRIPT =
  'id = "acme/run"\nversion = "2"\nscript.api = "0.12"\nscript.inline = "make"\nscript.shell = "/bin/bash"\n';
const GROUPS = [
  '[[io.buildpacks.group]]\nid = "acme/node"\n',
  '[[io.buildpacks.group]]\nid = "acme/go"\nversion = "1.2"\nexec-env = ["test"]\n',
  '[[io.buildpacks.group]]\nuri = "../bp"\nexec-env = ["*"]\n',
  `[[io.buildpacks.pre.group]]\n${SCRIPT}`,
  '[[io.buildpacks.post.group]]\nid = "acme/last"\n',
].join('');
const NODE: ModuleRequest = { kind: 'locator', text: 'acme/node', base: '/work/app' };
const GO: ModuleRequest = { kind: 'locator', text: 'acme/go@1.2', base: '/work/app' };
const URI: ModuleRequest = { kind: 'locator', text: '../bp', base: '/work/app' };
const RUN: ModuleRequest = {
  kind: 'inline',
  id: 'acme/run',
  version: '2',
  api: '0.12',
  shell: '/bin/bash',
  script: 'make',
};
const LAST: ModuleRequest = { kind: 'locator', text: 'acme/last', base: '/work/app' };
const FLAG: ModuleRequest = { kind: 'locator', text: './mine', base: '/work' };
const NONE = { group: [], pre: [], post: [], extensions: [] };

describe('what a descriptor adds to the options', () => {
  it('groups are requests whose uris count from the descriptor; those of other execution environments are left out', () => {
    assert.deepEqual(applied(GROUPS).modules, { ...NONE, group: [NODE, URI], pre: [RUN], post: [LAST] });
    assert.deepEqual(applied(GROUPS, { execEnv: 'test' }).modules?.group, [NODE, GO, URI]);
  });

  it('--buildpack replaces all of them, --pre-buildpack and --post-buildpack those of their kind', () => {
    const asked = { ...NONE, group: [FLAG] };
    assert.deepEqual(applied(GROUPS, { modules: asked }).modules, asked);
    assert.deepEqual(applied(GROUPS, { modules: { ...NONE, pre: [FLAG], extensions: [FLAG] } }).modules, {
      group: [NODE, URI],
      pre: [FLAG],
      post: [LAST],
      extensions: [FLAG],
    });
    assert.equal(applied('').modules, undefined);
  });

  it('its builder is taken when none is named; a path of it counts from the descriptor', () => {
    const builder = (name: string): string => `[io.buildpacks]\nbuilder = "${name}"\n`;
    assert.equal(applied(builder('acme/builder:1')).builder, 'acme/builder:1');
    assert.equal(applied(builder('oci:../builder:a')).builder, 'oci:builder:a');
    assert.equal(applied(builder('oci-archive:/b.tar')).builder, 'oci-archive:/b.tar');
    assert.equal(applied(builder('docker://host/b')).builder, 'docker://host/b');
    assert.equal(applied(builder('acme/builder'), { builder: 'mine' }).builder, 'mine');
    assert.equal(applied(builder('acme/builder'), { buildpacks: 'bps' }).builder, undefined);
    assert.equal(applied(builder('acme/builder'), { sandbox: 'in-place' }).builder, undefined);
  });

  it('its variables are there unless the command line has one of the name', () => {
    const variable = (name: string, more = ''): string =>
      `[[io.buildpacks.build.env]]\nname = "${name}"\nvalue = "file"\n${more}`;
    const text = `${variable('A')}${variable('B')}${variable('C', 'exec-env = ["test"]\n')}`;
    assert.deepEqual(applied(text, { env: { B: 'flag', D: 'flag' } }).env, { A: 'file', B: 'flag', D: 'flag' });
    assert.deepEqual(applied(text, { execEnv: 'test' }).env, { A: 'file', B: 'file', C: 'file' });
  });
});

function applied(text: string, more: Partial<BuildOptions> = {}): BuildOptions {
  const options = { image: 'shop', path: 'app', outputs: [], machine: testMachine('/work'), ...more };
  const project = decodeProject(`[_]\nschema-version = "0.3"\n${text}`, 'app/project.toml');
  return withDescriptor(options, { project, shown: 'app/project.toml', base: '/work/app' });
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ModuleRequest, ModuleRequests } from '../../../src/platform/modules/module-request.ts';
import { checkLocators, NO_MODULES } from '../../../src/platform/modules/module-requests.ts';

const at = (text: string): ModuleRequest => ({ kind: 'locator', text, base: '/base' });
const asked = (lists: Partial<Record<keyof ModuleRequests, readonly string[]>>): ModuleRequests => ({
  ...NO_MODULES,
  ...Object.fromEntries(Object.entries(lists).map(([key, texts]) => [key, texts.map(at)])),
});

describe('checkLocators', () => {
  it('lets pass what only the build can judge', () => {
    checkLocators(NO_MODULES, {});
    checkLocators(asked({ group: ['a', 'from=builder'], pre: ['./b'], extensions: ['oci:c'] }), { builder: 'x' });
    checkLocators(asked({ group: ['a', 'from=builder'] }), { order: 'order.toml' });
    checkLocators(asked({ pre: ['a'] }), { builder: 'x', order: 'order.toml' });
  });

  it('says before any work what cannot be', () => {
    const rows: readonly (readonly [ModuleRequests, { readonly builder?: string; readonly order?: string }, RegExp])[] =
      [
        [asked({ group: ['from=builder'] }), {}, /no order of a builder to insert/],
        [asked({ group: ['a'] }), { builder: 'x', order: 'o' }, /both say what the order is/],
        [asked({ post: ['oci-archive:-'] }), { builder: 'x' }, /not read from standard input/],
        [asked({ pre: ['urn:cnb:registry:a/b@1.0.0'] }), { builder: 'x' }, /a\/b@1\.0\.0 is not looked up/],
        [asked({ extensions: ['urn:x'] }), { builder: 'x' }, /"urn:x" names no buildpack/],
      ];
    for (const [requests, options, message] of rows)
      assert.throws(() => checkLocators(requests, options), { exit: 3, message });
  });
});

import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { removeLeftovers } from '../../src/core/leftovers.ts';
import { ownIdentity } from '../../src/core/process-identity.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';
import { asOrdinaryUser } from '../support/ordinary-user.ts';

/** A name that a process of this boot left which is gone. */
const DEAD = `.app.tar.4194304-1-${ownIdentity().boot}-0123456789ab.tmp`;

describe('what killed processes left', () => {
  it('goes', async (t) => {
    const directory = temporaryDirectory(t);
    writeFileSync(join(directory, DEAD), '');
    await removeLeftovers(directory, testContext(t));
    assert.equal(existsSync(join(directory, DEAD)), false);
  });

  it('stays without an error where it is of another user, as in /tmp', async (t) => {
    const ctx = testContext(t);
    const directory = join(temporaryDirectory(t), 'sticky');
    mkdirSync(directory);
    writeFileSync(join(directory, DEAD), '');
    // Root's file in a directory of mode 1777; without root: a directory of our own that must not change.
    chmodSync(directory, process.getuid?.() === 0 ? 0o1777 : 0o555);
    chmodSync(join(directory, '..'), 0o755);
    await asOrdinaryUser(() => removeLeftovers(directory, ctx));
    assert.equal(existsSync(join(directory, DEAD)), true);
    chmodSync(directory, 0o755);
  });

  it('is not looked for in a directory that cannot be listed', async (t) => {
    const ctx = testContext(t);
    const directory = join(temporaryDirectory(t), 'closed');
    mkdirSync(directory);
    chmodSync(join(directory, '..'), 0o755);
    chmodSync(directory, 0o333);
    await asOrdinaryUser(() => removeLeftovers(directory, ctx));
    chmodSync(directory, 0o755);
  });
});

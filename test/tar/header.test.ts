import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { encodeHeader, encodeHeaderInto, END_OF_ARCHIVE, type TarHeader } from '../../src/tar/header.ts';

function header(
  fields: Partial<Omit<TarHeader, 'name' | 'linkname'>> & { name: string; linkname?: string },
): TarHeader {
  return {
    type: 'file',
    mode: 0o644,
    uid: 1000,
    gid: 1000,
    size: 0,
    ...fields,
    name: Buffer.from(fields.name),
    linkname: Buffer.from(fields.linkname ?? ''),
  };
}

/** The digest of an archive of one entry. */
function diffId(entry: TarHeader, body = ''): string {
  const padding = Buffer.alloc((512 - (body.length % 512)) % 512);
  return digestOf(Buffer.concat([encodeHeader(entry), Buffer.from(body), padding, END_OF_ARCHIVE]));
}

function paxText(encoded: Uint8Array): string {
  const size = Number.parseInt(Buffer.from(encoded.subarray(124, 135)).toString(), 8);
  return Buffer.from(encoded.subarray(512, 512 + size)).toString('latin1');
}

describe('encodeHeader: the recorded vectors (contract §14.4)', () => {
  const split = `/${'a'.repeat(100)}/${'b'.repeat(48)}`;

  it('splits a long ASCII name in prefix and name', () => {
    assert.equal(
      diffId(header({ name: split, size: 1 }), 'x'),
      'sha256:859174773b23ef08c89b0441f5e630e444ac12e0fe2ffb896810d269331a4a90',
    );
  });

  it('records the path too once an entry is PAX for another reason', () => {
    assert.equal(
      diffId(header({ name: split, size: 1, gid: 2097152 }), 'x'),
      'sha256:e599fc9d1597e314b344fce77d691dd851d748672a3cc56405d68efe84ec98e8',
    );
  });

  it('records a long link target', () => {
    assert.equal(
      diffId(header({ name: '/l', type: 'symlink', mode: 0o777, linkname: 'c'.repeat(101) })),
      'sha256:14b931a8b33e5ed63b87dc6ad29969fb5e2f91dd0287d832c2b47559fc8aef66',
    );
  });

  it('records a name that is not ASCII', () => {
    assert.equal(
      diffId(header({ name: '/é', type: 'directory', mode: 0o1755 })),
      'sha256:603f8fcd70c96622a4035ad5b05f0c6d1fd95021c153d18300ad1d40e01ea828',
    );
  });

  it('writes the first header of the process-types layer as recorded', () => {
    const block = Buffer.from(encodeHeader(header({ name: '/cnb', type: 'directory', mode: 0o755, uid: 0, gid: 0 })));
    const hex = (from: number, to: number): string => block.subarray(from, to).toString('hex');
    assert.equal(hex(0, 5), '2f636e6200');
    assert.equal(hex(100, 108), '3030303037353500');
    assert.equal(hex(136, 148), '303232363335323330303100');
    assert.equal(hex(148, 156), '3030373737370020');
    assert.equal(hex(156, 157), '35');
    assert.equal(hex(257, 265), '7573746172003030');
    assert.equal(hex(329, 345), '30303030303030003030303030303000');
  });
});

describe('encodeHeader', () => {
  it('writes the PAX example of contract §14.2', () => {
    const encoded = encodeHeader(header({ name: '/é.txt', uid: 2097152 }));
    assert.equal(Buffer.from(encoded.subarray(0, 19)).toString(), '/PaxHeaders.0/.txt\0');
    assert.equal(paxText(encoded), Buffer.from('16 path=/é.txt\n15 uid=2097152\n').toString('latin1'));
    assert.equal(Buffer.from(encoded.subarray(1024, 1030)).toString(), '/.txt\0');
    assert.equal(Buffer.from(encoded.subarray(1024 + 108, 1024 + 116)).toString(), '0000000\0');
  });

  it('keeps names of any bytes in the record', () => {
    const name = Buffer.from([0x2f, 0xff, 0x0a, 0x5c]);
    const encoded = encodeHeader({ ...header({ name: 'x' }), name });
    assert.equal(paxText(encoded), `13 path=${name.toString('latin1')}\n`);
  });

  it('counts the digits of a record length that grows by them', () => {
    for (const length of [89, 90, 91, 92, 93, 989, 990, 991, 992, 993]) {
      const text = paxText(encodeHeader(header({ name: `/é${'n'.repeat(length)}` })));
      assert.equal(Number(text.split(' ')[0]), text.length);
    }
  });

  it('leaves no slash at the cut of a long name, which old readers take for a directory', () => {
    const encoded = encodeHeader(header({ name: `/${'d'.repeat(98)}/${'e'.repeat(101)}` }));
    const main = encoded.subarray(encoded.length - 512);
    assert.equal(Buffer.from(main.subarray(90, 100)).toString(), `${'d'.repeat(9)}\0`);
  });

  it('splits a long name at the last slash that leaves a prefix of 155 bytes', () => {
    const [first, second] = [`/${'a'.repeat(60)}`, `/${'b'.repeat(60)}`];
    const block = Buffer.from(encodeHeader(header({ name: `${first}${second}/${'c'.repeat(30)}/d` })));
    assert.equal(block.length, 512);
    assert.equal(block.subarray(345, 500).toString().replaceAll('\0', ''), `${first}${second}/${'c'.repeat(30)}`);
    assert.equal(block.subarray(0, 100).toString().replaceAll('\0', ''), 'd');
    const longer = Buffer.from(encodeHeader(header({ name: `${first}${second}/${'c'.repeat(40)}/d` })));
    assert.equal(longer.subarray(345, 500).toString().replaceAll('\0', ''), first + second);
    assert.equal(longer.subarray(0, 100).toString().replaceAll('\0', ''), `${'c'.repeat(40)}/d`);
  });

  it('ends a long name in NUL at the first of several slashes at the cut, as Go does', () => {
    const name = `/${'d'.repeat(96)}/é/ü/${'e'.repeat(101)}`;
    const encoded = encodeHeader(header({ name }));
    const main = Buffer.from(encoded.subarray(encoded.length - 512));
    assert.equal(main.subarray(95, 100).toString(), 'dd\0//');
  });

  it('writes a size over 8 GiB as a record', () => {
    assert.equal(paxText(encodeHeader(header({ name: '/big', size: 8589934592 }))), '19 size=8589934592\n');
    assert.equal(encodeHeader(header({ name: '/big', size: 8589934591 })).length, 512);
  });

  it('refuses a name with a NUL byte', () => {
    assert.throws(() => encodeHeader(header({ name: '/a\0b' })), { code: 'ARCHIVE_INVALID' });
  });

  it('writes in place what is one block, and only that', () => {
    const target = Buffer.alloc(1024, 0xaa);
    assert.equal(encodeHeaderInto(header({ name: '/é' }), target, 512), false);
    assert.equal(encodeHeaderInto(header({ name: '/e' }), target, 512), true);
    assert.deepEqual(target.subarray(512), Buffer.from(encodeHeader(header({ name: '/e' }))));
    assert.equal(target[511], 0xaa);
  });
});

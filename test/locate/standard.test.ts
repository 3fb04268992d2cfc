import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkStandardUses } from '../../src/locate/standard.ts';
import { parseLocation } from '../../src/oci/location.ts';
import { standardStreams } from '../support/standard-streams.ts';

const NONE = { inputs: [], outputs: [] };
const place = parseLocation;

describe('standard input and output as images', () => {
  it('a terminal is refused, unless the output is another program’s to write', () => {
    const terminals = standardStreams({ isTerminal: true });
    const refused = (uses: Parameters<typeof checkStandardUses>[0], message: RegExp): void =>
      assert.throws(() => checkStandardUses(uses, terminals), { code: 'ARGUMENT_INVALID', exit: 3, message });
    refused({ ...NONE, inputs: [place('oci-archive:-')] }, /standard input, which is a terminal/);
    refused(
      { ...NONE, outputs: [place('docker-archive:-:acme/shop:1')] },
      /^docker-archive:-:acme\/shop:1 is standard output/,
    );
    checkStandardUses({ ...NONE, outputs: [place('docker-archive:-')], isForLater: true }, terminals);
    checkStandardUses({ inputs: [undefined, place('oci:-')], outputs: [place('docker-archive:./-')] }, terminals);
  });

  it('one image at most is read and one written', () => {
    const pipes = standardStreams();
    const both = [place('oci-archive:-:a'), place('docker-archive:-')];
    for (const uses of [
      { ...NONE, inputs: both },
      { ...NONE, outputs: both, isForLater: true },
    ])
      assert.throws(() => checkStandardUses(uses, pipes), {
        code: 'ARGUMENT_INVALID',
        exit: 3,
        message: /oci-archive:-:a and docker-archive:-/,
      });
    checkStandardUses({ inputs: both.slice(1), outputs: both.slice(1) }, pipes);
  });

  it('a library’s caller that brings no streams is told to name a file', () => {
    assert.throws(() => checkStandardUses({ ...NONE, inputs: [place('oci-archive:-')] }, undefined), {
      code: 'NOT_SUPPORTED',
    });
  });
});

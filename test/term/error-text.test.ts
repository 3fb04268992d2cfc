import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SlipwayError } from '../../src/core/errors.ts';
import { describeError, errorLines, stackLines } from '../../src/term/error-text.ts';
import { remedyText } from '../../src/term/remedies.ts';
import { symbolsOf } from '../../src/term/symbols.ts';

const PLAIN = symbolsOf({ color: false, unicode: true });

describe('errors', () => {
  it('are one screen: what and code, aligned facts, what to do', () => {
    const error = new SlipwayError('PLATFORM_NOT_FOUND', 'registry.example/acme/run:24 has no image for linux/arm64', {
      details: {
        offered: 'linux/amd64, linux/arm/v7',
        resolved: 'index sha256:77aa01cbe4d2 from registry.example',
        'asked by': 'run image of the build',
      },
      hint: { kind: 'choose-platform', offered: ['linux/amd64'] },
    });
    assert.deepEqual(errorLines(describeError(error, 'slipway'), PLAIN), [
      'error: registry.example/acme/run:24 has no image for linux/arm64   [PLATFORM_NOT_FOUND]',
      '  offered   linux/amd64, linux/arm/v7',
      '  resolved  index sha256:77aa01cbe4d2 from registry.example',
      '  asked by  run image of the build',
      '  do        --platform linux/amd64, or another --run-image',
    ]);
  });

  it('pass no control sequences of buildpacks and registries to the terminal', () => {
    const error = new SlipwayError('BUILDPACK_FAILED', 'buildpack \u001b]0;title\u0007evil failed', {
      details: { 'last line': '10%\r\u001b[2J\u001b[31mno\u001b[0m \u0008 space' },
    });
    assert.deepEqual(errorLines(describeError(error, 'slipway'), PLAIN), [
      'error: buildpack evil failed   [BUILDPACK_FAILED]',
      '  last line  no  space',
    ]);
  });

  it('of several lines stay aligned', () => {
    const error = new SlipwayError('ARGUMENT_INVALID', 'pick one', { hint: 'this\nor that' });
    assert.deepEqual(errorLines(describeError(error, 'slipway'), PLAIN), [
      'error: pick one   [ARGUMENT_INVALID]',
      '  do        this',
      '            or that',
    ]);
  });

  it('that are no errors of ours are defects, told without a stack', () => {
    const facts = describeError(new TypeError('x is undefined'), 'slipway');
    assert.equal(facts.code, 'INTERNAL');
    assert.equal(facts.message, 'unexpected: x is undefined');
    assert.equal(errorLines(facts, PLAIN).join('\n').includes('at '), false);
  });

  it('have their causes in the stack lines', () => {
    const error = new SlipwayError('INTERNAL', 'outer', { cause: new Error('inner') });
    const text = stackLines(error).join('\n');
    assert.match(text, /outer[\s\S]*caused by\nError: inner/);
  });

  it('name the flags of the program that runs', () => {
    assert.equal(remedyText({ kind: 'allow-insecure', registry: 'r:5000' }, 'slipway'), '--insecure-registry r:5000');
    assert.equal(remedyText({ kind: 'allow-insecure', registry: 'r:5000' }, 'lifecycle'), '-insecure-registry r:5000');
    assert.equal(remedyText({ kind: 'choose-platform', offered: [] }, 'lifecycle'), 'choose another -run-image');
    assert.match(remedyText({ kind: 'log-in', registry: 'r.example' }, 'slipway'), /slipway login r\.example/);
    assert.match(remedyText({ kind: 'choose-launcher' }, 'lifecycle'), /-launcher PATH/);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { layoutName } from '../../src/locate/local-names.ts';
import { parseReference } from '../../src/oci/reference.ts';

describe('what an entry of a layout is called', () => {
  it('a bare REF that is the image’s own name has the full name for engines too', () => {
    const image = parseReference('shop');
    assert.deepEqual(layoutName('shop', image), { name: 'shop', imageName: 'docker.io/library/shop:latest' });
    assert.deepEqual(layoutName(undefined, image), { name: 'shop', imageName: 'docker.io/library/shop:latest' });
  });

  it('a bare REF of its own is a mere tag', () => {
    assert.deepEqual(layoutName('v1', parseReference('shop')), { name: 'v1' });
    assert.deepEqual(layoutName('shop', undefined), { name: 'shop' });
  });

  it('a REF with a tag or a slash is a name by itself', () => {
    assert.deepEqual(layoutName('shop:2', parseReference('other')), {
      name: 'shop:2',
      imageName: 'docker.io/library/shop:2',
    });
  });
});

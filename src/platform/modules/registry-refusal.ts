import { SlipwayError } from '../../core/errors.ts';

/** Why `urn:cnb:registry:ID` and `NAMESPACE/NAME@VERSION` of no builder go nowhere, and what to write instead: one text for every place that takes locators. */
export function registryRefusal(id: string, version: string): SlipwayError {
  const name = version === '' ? id : `${id}@${version}`;
  return new SlipwayError('NOT_SUPPORTED', `${name} is not looked up: Slipway asks no buildpack registry index`, {
    exit: 3,
    details: { why: 'the index is a git repository that only maps the name to an image' },
    hint: 'name the image itself: docker://HOST/REPOSITORY@DIGEST is the addr that https://registry.buildpacks.io shows for it',
  });
}

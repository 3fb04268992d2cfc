export { parseReference, formatReference, type Reference } from './oci/reference.ts';
export { parseLocation, formatLocation, type Location } from './oci/location.ts';
export { SlipwayError, hasCode } from './core/errors.ts';

import { parseReference, type Reference } from '../oci/reference.ts';
import { engineName, engineNameOf, isSameName, shortName } from '../store/image-names.ts';

/** What an entry of a layout is called: REF as given, else the image's name in its shortest form, else `latest`. */
export function layoutName(
  ref: string | undefined,
  image: Reference | undefined,
): { readonly name: string; readonly imageName?: string } {
  if (ref === undefined) {
    const [name, imageName] = image === undefined ? [] : [shortName(image), engineName(image)];
    return name === undefined || imageName === undefined ? { name: 'latest' } : { name, imageName };
  }
  const own = engineNameOf(ref) ?? (isNameOf(ref, image) ? engineName(image) : undefined);
  return own === undefined ? { name: ref } : { name: ref, imageName: own };
}

/** True when a REF without tag or slash, such as `shop`, is the image's own name. */
function isNameOf(ref: string, image: Reference | undefined): image is Reference {
  const short = image === undefined ? undefined : shortName(image);
  return short !== undefined && isSameName(ref, short);
}

/**
 * What the image of an archive is called: REF, else the image's name. In a docker archive REF is an image name under the rules for
 * short names, since engines load nothing else. Throws `REFERENCE_INVALID` when it cannot be one.
 */
export function archiveNames(
  format: 'oci' | 'docker',
  ref: string | undefined,
  image: Reference | undefined,
): { readonly names: readonly string[]; readonly refName: string } {
  if (ref !== undefined) {
    const name = format === 'docker' ? engineName(parseReference(ref)) : engineNameOf(ref);
    return { refName: ref, names: name === undefined ? [] : [name] };
  }
  const name = image === undefined ? undefined : engineName(image);
  return { refName: image?.tag ?? 'latest', names: name === undefined ? [] : [name] };
}

import type { AnalyzedRunImage } from '../../cnb/analyzed.ts';
import type { Context } from '../../core/context.ts';
import { goJson } from '../../oci/go-json.ts';
import { displayLocation, type Location } from '../../oci/location.ts';

/** The two debug lines about the run image of analyzed.toml (contract §9.7): whoever writes that file says them. */
export function logRunImage(
  image: AnalyzedRunImage | undefined,
  ctx: Context,
  options: { readonly show?: ((pinned: Location) => string) | undefined } = {},
): void {
  const json = image === undefined ? 'null' : runImageJson(image, options.show ?? displayLocation);
  for (const message of ['Run image info in analyzed metadata is: ', json])
    ctx.emit({ type: 'log', level: 'debug', message });
}

function runImageJson(image: AnalyzedRunImage, show: (pinned: Location) => string): string {
  const { target } = image;
  return goJson({
    Reference: show(image.reference),
    Image: image.image,
    Extend: image.extend,
    target:
      target === undefined
        ? undefined
        : {
            id: target.id,
            os: target.os,
            arch: target.arch,
            'arch-variant': target.archVariant,
            distro: target.distro,
          },
  });
}

import { option, type CommandOption } from '../../command-spec.ts';

/** Buildpacks and extensions beside those of the builder, or in their place. */
export const BUILD_MODULES: readonly CommandOption[] = [
  option(
    'buildpack',
    'strings',
    'Buildpacks',
    'in the place of the order: DIR, .tgz, .cnb, URL, image, ID[@VERSION], from=builder; repeat, or commas',
    { value: 'WHERE', short: 'b' },
  ),
  option('pre-buildpack', 'strings', 'Buildpacks', 'in front of every group of the order; repeat, or commas', {
    value: 'WHERE',
  }),
  option('post-buildpack', 'strings', 'Buildpacks', 'behind every group of the order; repeat, or commas', {
    value: 'WHERE',
  }),
  option('extension', 'strings', 'Buildpacks', 'in the place of the order’s extensions; repeat, or commas', {
    value: 'WHERE',
  }),
  option('order', 'string', 'Buildpacks', 'order.toml in the place of the builder’s or the directory’s', {
    value: 'FILE',
  }),
];

import { option, type CommandOption, type CommandSpec } from '../command-spec.ts';
import { DISPLAY, REGISTRY } from './shared.ts';

const ASKING: readonly CommandOption[] = [
  ...REGISTRY,
  ...DISPLAY.map((each) => (each.name === 'json' ? { ...each, help: 'the result as one JSON document' } : each)),
];
const MOVING: readonly CommandOption[] = [...REGISTRY, ...DISPLAY];

const PLATFORM = option('platform', 'string', 'Input', 'the manifest of that platform, where there is an index', {
  value: 'OS/ARCH[/VARIANT]',
});
const REFERRERS = option(
  'referrers',
  'boolean',
  'Input',
  'copy what refers to it too: signatures, SBOMs, attestations',
);
const ALL_TAGS = option('all-tags', 'boolean', 'Input', 'every tag of the repository, every named image of the layout');

/** `slipway image …`: what can be done to images that are there. */
export const IMAGE_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'image copy',
    summary: 'copy an image, all its platforms, between any two places; the digest stays',
    usage: 'slipway image copy SRC DST… [--platform OS/ARCH | --all-tags] [--referrers]',
    positionals: ['SRC', 'DST…'],
    options: [PLATFORM, ALL_TAGS, REFERRERS, ...MOVING],
    examples: [
      'slipway image copy debian:12 registry.example/mirror/debian:12',
      'slipway image copy registry.example/acme/shop:1 oci:shop docker-archive:shop.tar --platform linux/amd64',
      'slipway image copy registry.example/acme/shop mirror.example/acme/shop --all-tags --referrers',
      'docker save shop | slipway image copy docker-archive:- registry.example/acme/shop:1',
    ],
  },
  {
    name: 'image pull',
    summary: 'copy an image from a registry into a layout or archive',
    usage: 'slipway image pull REF LOCATION [--platform OS/ARCH | --all-tags] [--referrers]',
    positionals: ['REF', 'LOCATION'],
    options: [PLATFORM, ALL_TAGS, REFERRERS, ...MOVING],
    examples: [
      'slipway image pull registry.example/acme/shop:1 oci:carry',
      'slipway image pull debian:12 docker-archive:debian.tar --platform linux/arm64',
    ],
  },
  {
    name: 'image push',
    summary: 'copy an image from a layout or archive to a registry',
    usage: 'slipway image push LOCATION REF [--platform OS/ARCH | --all-tags] [--referrers]',
    positionals: ['LOCATION', 'REF'],
    options: [PLATFORM, ALL_TAGS, REFERRERS, ...MOVING],
    examples: [
      'slipway image push oci:carry:registry.example/acme/shop:1 registry.internal/acme/shop:1',
      'slipway image push docker-archive:shop.tar registry.example/acme/shop:1',
    ],
  },
  {
    name: 'image digest',
    summary: 'print the digest of an image: of its index, or of the manifest of one platform',
    usage: 'slipway image digest LOCATION [--platform OS/ARCH]',
    positionals: ['LOCATION'],
    options: [PLATFORM, ...ASKING],
    examples: ['slipway image digest debian:12', 'slipway image digest oci:out --platform linux/amd64'],
  },
  {
    name: 'image manifest',
    summary: 'print the manifest or index of an image, byte by byte as it is',
    usage: 'slipway image manifest LOCATION [--platform OS/ARCH]',
    positionals: ['LOCATION'],
    options: [PLATFORM, ...ASKING],
    examples: ['slipway image manifest debian:12', 'slipway image manifest docker-archive:shop.tar'],
  },
  {
    name: 'image config',
    summary: 'print the config of an image, byte by byte as it is',
    usage: 'slipway image config LOCATION [--platform OS/ARCH]',
    positionals: ['LOCATION'],
    options: [PLATFORM, ...ASKING],
    examples: ['slipway image config debian:12 --platform linux/arm64', 'slipway image config oci:out'],
  },
  {
    name: 'image blob',
    summary: 'print a blob, or write it to a file that is there only when the digest is right',
    usage: 'slipway image blob LOCATION@DIGEST [--to FILE]',
    positionals: ['LOCATION@DIGEST'],
    options: [option('to', 'string', 'Output', 'write it here instead', { value: 'FILE' }), ...ASKING],
    examples: ['slipway image blob debian@sha256:… --to layer.tar.gz', 'slipway image blob oci:out@sha256:… | tar -tz'],
  },
  {
    name: 'image ls',
    summary: 'list the tags of a repository, or the images in a layout or archive',
    usage: 'slipway image ls LOCATION [--digests]',
    positionals: ['LOCATION'],
    options: [
      option('digests', 'boolean', 'Output', 'also what each leads to; asks a registry once for each tag'),
      ...ASKING,
    ],
    examples: ['slipway image ls registry.example/acme/shop', 'slipway image ls oci:carry --digests'],
  },
  {
    name: 'image catalog',
    summary: 'list the repositories of a registry, where it tells',
    usage: 'slipway image catalog HOST[:PORT]',
    positionals: ['HOST[:PORT]'],
    options: ASKING,
    examples: ['slipway image catalog 127.0.0.1:5000'],
  },
  {
    name: 'image tag',
    summary: 'give an image more tags in its repository, or names in its layout; no blob moves',
    usage: 'slipway image tag LOCATION TAG…',
    positionals: ['LOCATION', 'TAG…'],
    options: ASKING,
    examples: [
      'slipway image tag registry.example/acme/shop:1.4.2 1.4 1 latest',
      'slipway image tag registry.example/acme/shop@sha256:… good',
    ],
  },
  {
    name: 'image rm',
    summary: 'remove tags, or manifests named by digest; from layouts the entries, whose blobs stay',
    usage: 'slipway image rm LOCATION… [--dry-run]',
    positionals: ['LOCATION…'],
    options: [option('dry-run', 'boolean', 'Removal', 'say what would be removed'), ...ASKING],
    examples: [
      'slipway image rm registry.example/acme/shop:old',
      'slipway image rm registry.example/acme/shop@sha256:… --dry-run',
      'slipway image rm oci:carry:shop && slipway registry gc carry',
    ],
  },
  {
    name: 'image validate',
    summary: 'check that everything of an image, or of a whole layout or archive, is there and right',
    usage: 'slipway image validate LOCATION [--all-tags]',
    positionals: ['LOCATION'],
    options: [ALL_TAGS, ...ASKING],
    examples: ['slipway image validate debian:12', 'slipway image validate oci:carry'],
  },
  {
    name: 'image referrers',
    summary: 'list what refers to an image: signatures, SBOMs, attestations',
    usage: 'slipway image referrers LOCATION [--artifact-type TYPE] [--platform OS/ARCH]',
    positionals: ['LOCATION'],
    options: [
      option('artifact-type', 'string', 'Input', 'only those of this type', { value: 'TYPE' }),
      PLATFORM,
      ...ASKING,
    ],
    examples: [
      'slipway image referrers registry.example/acme/shop:1',
      'slipway image referrers oci:carry --artifact-type application/spdx+json',
    ],
  },
];

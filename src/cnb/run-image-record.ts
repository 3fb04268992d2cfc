import { hasCode } from '../core/errors.ts';
import { goJson } from '../oci/go-json.ts';
import { parseLocation, type Location } from '../oci/location.ts';
import { isObject, type JsonObject } from '../schema/reader.ts';
import { jsonMembers, withMembers } from './json-members.ts';

/** What the label `io.buildpacks.lifecycle.metadata` says about the run image (contract §6.1), and what a message shows of it. */
export interface RunImageRecordOfLabel {
  /** DiffID of the base's top layer; empty for an image without base. */
  readonly topLayer: string;
  readonly reference: string;
  /** The run image and its mirrors, of `runImage`, else of `stack`: those that can be asked, which paths of `-layout` cannot. */
  readonly candidates: readonly { readonly location: Location; readonly name: string }[];
  /** Every name under which the run image is known, of `runImage` and `stack`. */
  readonly names: readonly string[];
  /** As the Go lifecycle shows it: `runImage` when it has a name, else `stack.runImage`, else `not found`. */
  readonly shown: string;
  /** Every other digest in the label: of layers above the base. */
  readonly otherShas: readonly string[];
}

/** What a rebase changes of it. `names` undefined: they stay. */
export interface RunImageChange {
  readonly topLayer: string;
  readonly reference: string;
  readonly names?: { readonly image?: string | undefined };
}

/** Reads only what a rebase needs, so that a label with unusual other members does as well. Undefined when it is no JSON object. */
export function readRunImageRecord(label: string): RunImageRecordOfLabel | undefined {
  const members = jsonMembers(label);
  if (members === undefined) return undefined;
  const textOf = (key: string): string | undefined => members.find((member) => member.key === key)?.value;
  const runImage = objectOf(textOf('runImage'));
  const stackText = jsonMembers(textOf('stack') ?? '')?.find((member) => member.key === 'runImage')?.value;
  const own = namesOf(runImage);
  const ofStack = namesOf(objectOf(stackText));
  const others = members.filter(({ key }) => key !== 'runImage' && key !== 'stack').map(({ value }) => value);
  return {
    topLayer: stringOf(runImage['topLayer']),
    reference: stringOf(runImage['reference']),
    candidates: (own.length > 0 ? own : ofStack).flatMap(candidateOf),
    names: [...own, ...ofStack],
    shown: stringOf(runImage['image']) === '' ? (stackText ?? 'not found') : (textOf('runImage') ?? ''),
    otherShas: others.flatMap((text) =>
      [...text.matchAll(/"(sha(?:256|512):[0-9a-f]+)"/g)].map((match) => match[1] ?? ''),
    ),
  };
}

/** The label with another run image; every other member keeps its bytes. */
export function changeRunImage(label: string, change: RunImageChange): string {
  const { topLayer, reference, names } = change;
  const members = jsonMembers(label) ?? [];
  const runImage = jsonMembers(members.find(({ key }) => key === 'runImage')?.value ?? '') ?? [];
  const stack = jsonMembers(members.find(({ key }) => key === 'stack')?.value ?? '') ?? [];
  const image = names?.image === undefined ? undefined : goJson(names.image);
  const newNames =
    names === undefined
      ? []
      : ([
          ['image', image],
          ['mirrors', undefined],
        ] as const);
  return withMembers(members, [
    [
      'runImage',
      withMembers(runImage, [['topLayer', goJson(topLayer)], ['reference', goJson(reference)], ...newNames]),
    ],
    ...(names === undefined ? [] : [['stack', withMembers(stack, [['runImage', withMembers([], newNames)]])] as const]),
  ]);
}

function objectOf(text: string | undefined): JsonObject {
  const value: unknown = text === undefined ? undefined : JSON.parse(text);
  return isObject(value) ? value : {};
}

function namesOf(object: JsonObject): readonly string[] {
  const mirrors: unknown = object['mirrors'];
  const others = Array.isArray(mirrors) ? mirrors.map((mirror: unknown) => stringOf(mirror)) : [];
  return [stringOf(object['image']), ...others].filter((name) => name !== '');
}

function candidateOf(name: string): RunImageRecordOfLabel['candidates'] {
  try {
    return [{ location: parseLocation(name), name }];
  } catch (error) {
    if (hasCode(error, 'REFERENCE_INVALID')) return [];
    throw error;
  }
}

function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

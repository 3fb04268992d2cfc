import { SlipwayError } from '../../core/errors.ts';
import { compareBytes } from '../../oci/go-json.ts';
import { envValue } from '../../oci/image-config.ts';
import type { LayerEntry, LayerSource } from '../../layer/layer-source.ts';
import type { Owner } from '../../layer/place.ts';
import type { Image } from '../../ports/image.ts';

const ROOT: Owner = { uid: 0, gid: 0 };

/**
 * Who builds: `CNB_USER_ID` and `CNB_GROUP_ID` of the build image (Platform API), else its user when that is two numbers.
 * Throws `IMAGE_INVALID`, also for root: buildpacks never run as root.
 */
export function builderUser(image: Image): Owner {
  const { env, user } = image.config;
  const [own, group] = /^(\d+):(\d+)$/.exec(user)?.slice(1) ?? [];
  const uid = envValue(env, 'CNB_USER_ID') ?? own;
  const gid = envValue(env, 'CNB_GROUP_ID') ?? group;
  if (uid === undefined || gid === undefined || !/^\d+$/.test(uid) || !/^\d+$/.test(gid))
    throw new SlipwayError('IMAGE_INVALID', 'the build image does not say which user builds', {
      details: { user: user === '' ? 'not set' : user },
      hint: 'set CNB_USER_ID and CNB_GROUP_ID in its environment',
    });
  if (Number(uid) === 0)
    throw new SlipwayError('IMAGE_INVALID', 'the build image wants to build as root', {
      hint: 'set CNB_USER_ID and CNB_GROUP_ID in its environment to an ordinary user',
    });
  return { uid: Number(uid), gid: Number(gid) };
}

/** The directories of a builder. */
export function frameLayer(user: Owner): LayerSource {
  const rooted = ['/cnb', '/cnb/buildpacks', '/cnb/extensions', '/platform', '/platform/env'];
  const entries: readonly LayerEntry[] = [
    ...rooted.map((path) => directory(path, ROOT)),
    ...['/layers', '/workspace'].map((path) => directory(path, user)),
  ];
  return { kind: 'entries', entries: [...entries].sort((a, b) => compareBytes(a.path, b.path)) };
}

/** Files as data, with the directories above them below `/cnb`. */
export function filesLayer(files: ReadonlyMap<string, string>): LayerSource {
  const paths = [...files.keys()];
  const directories = new Set(['/cnb', ...paths.flatMap(parentsBelowCnb)]);
  const entries: readonly LayerEntry[] = [
    ...[...directories].map((path) => directory(path, ROOT)),
    ...[...files].map(
      ([path, text]) => ({ kind: 'file', path, mode: 0o644, ...ROOT, bytes: Buffer.from(text) }) as const,
    ),
  ];
  return { kind: 'entries', entries: [...entries].sort((a, b) => compareBytes(a.path, b.path)) };
}

function parentsBelowCnb(path: string): readonly string[] {
  const parts = path.split('/').slice(1, -1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
}

function directory(path: string, owner: Owner): LayerEntry {
  return { kind: 'directory', path, mode: 0o755, ...owner };
}

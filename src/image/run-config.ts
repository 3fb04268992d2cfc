import { sortedMap } from '../oci/descriptor.ts';
import { compareBytes, sortKeysDeep } from '../oci/go-json.ts';
import { isObject, type JsonObject } from '../schema/reader.ts';
import { prependPath, setVariable } from './env.ts';
import type { ImagePlan } from './plan.ts';

/** Keys of `config` in the order in which Go's struct writes them (contract §15.1). */
const KEYS = [
  'AttachStderr',
  'AttachStdin',
  'AttachStdout',
  'Cmd',
  'Healthcheck',
  'Domainname',
  'Entrypoint',
  'Env',
  'Hostname',
  'Image',
  'Labels',
  'OnBuild',
  'OpenStdin',
  'StdinOnce',
  'Tty',
  'User',
  'Volumes',
  'WorkingDir',
  'ExposedPorts',
  'ArgsEscaped',
  'NetworkDisabled',
  'MacAddress',
  'StopSignal',
  'Shell',
] as const;

const HEALTHCHECK_KEYS = ['Test', 'Interval', 'Timeout', 'StartPeriod', 'Retries'] as const;

/**
 * The `config` part of an image config as JSON data: the base's with the plan's edits, empty values left out. Keys that Go's
 * struct does not have (`StopTimeout`, `Healthcheck.StartInterval`) are kept behind the others: they say how the image runs.
 */
export function planRunConfig(plan: ImagePlan): ReadonlyMap<string, unknown> {
  const base = baseRunConfig(plan);
  const edited: JsonObject = {
    ...base,
    Cmd: plan.cmd,
    Entrypoint: plan.entrypoint,
    Env: planEnv(plan),
    Labels: planLabels(plan),
    WorkingDir: plan.workingDir,
  };
  return orderRunConfig(edited);
}

/** A `config` part with its keys in Go's order and empty values left out. */
export function orderRunConfig(config: JsonObject): ReadonlyMap<string, unknown> {
  const edited = { ...config, Healthcheck: ordered(config['Healthcheck'], HEALTHCHECK_KEYS) };
  return ordered(edited, KEYS) ?? new Map();
}

function baseRunConfig(plan: ImagePlan): JsonObject {
  if (plan.base.kind === 'scratch') return {};
  const config = plan.base.image.config.fields['config'];
  return isObject(config) ? config : {};
}

function planEnv(plan: ImagePlan): readonly string[] {
  const base = plan.base.kind === 'scratch' ? [] : plan.base.image.config.env;
  const set = plan.env.reduce<readonly string[]>((env, [name, value]) => setVariable(env, name, value), base);
  return prependPath(set, plan.prependPath);
}

function planLabels(plan: ImagePlan): ReadonlyMap<string, string> {
  const base = plan.base.kind === 'scratch' ? {} : plan.base.image.config.labels;
  const added = Object.fromEntries(plan.labels.map((label) => [label.key, label.value]));
  return sortedMap({ ...base, ...added });
}

/** The members of an object with the known keys first, in their order, then the rest by bytes; undefined when it is no object. */
function ordered(value: unknown, keys: readonly string[]): ReadonlyMap<string, unknown> | undefined {
  if (!isObject(value)) return undefined;
  const others = Object.keys(value)
    .filter((key) => !keys.includes(key))
    .sort(compareBytes);
  const members: [string, unknown][] = [...keys, ...others]
    .map((key): [string, unknown] => [key, value[key]])
    .filter(([key, member]) => (keys.includes(key) ? !isEmpty(member) : member !== null))
    .map(([key, member]) => [key, member instanceof Map ? member : sortKeysDeep(member)]);
  return new Map(members);
}

/** What Go's `omitempty` leaves out. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '' || value === 0) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (value instanceof Map) return value.size === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

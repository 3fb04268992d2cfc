import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isSystem, messageOf, SlipwayError } from '../../core/errors.ts';
import { findForm } from '../../core/byte-search.ts';
import { SECRET_MIN_BYTES, secretForms, type Secret } from '../../core/secret-forms.ts';
import type { SecretRequest } from '../../options/build/secret.ts';
import type { BuildOptions } from './options.ts';

export interface SecretOptions {
  readonly secrets?: readonly SecretRequest[];
}

/** As much as Docker takes. */
const MAX_BYTES = 500 * 1024;

/**
 * The secrets' bytes, without a line end after them: an editor put it there. Throws `FILE_NOT_FOUND`, `FILE_NOT_READABLE` and
 * `ARGUMENT_INVALID` (exit 3) for one that is not there, too short to be told from other bytes, too long, or also in a variable for
 * buildpacks. No message has bytes of it.
 */
export async function readSecrets({ secrets = [], env = {}, machine }: BuildOptions): Promise<readonly Secret[]> {
  const read: Secret[] = [];
  for (const { id, from } of secrets) {
    if (read.some((secret) => secret.id === id)) throw refused(id, 'there are two of that name', 'give each its own');
    const bytes =
      from.kind === 'file'
        ? await readFileOf(id, resolve(machine.cwd, from.name), from.name)
        : variableOf(id, machine.env[from.name], from.name);
    read.push({ id, bytes: checked(id, withoutLineEnd(bytes)) });
  }
  const forms = secretForms(read);
  for (const [name, value] of Object.entries(env)) {
    const id = findForm(Buffer.from(value), forms);
    if (id !== undefined)
      throw refused(
        id,
        `the variable ${name} for buildpacks has its bytes`,
        `leave --env ${name} out: it is read from /run/secrets/${id}`,
      );
  }
  return read;
}

async function readFileOf(id: string, path: string, shown: string): Promise<Buffer> {
  try {
    await using file = await open(path);
    const buffer = Buffer.alloc(MAX_BYTES + 3);
    let size = 0;
    while (size < buffer.length) {
      const { bytesRead } = await file.read(buffer, size, buffer.length - size, null);
      if (bytesRead === 0) break;
      size += bytesRead;
    }
    return buffer.subarray(0, size);
  } catch (error) {
    const code = isSystem(error, 'ENOENT', 'ENOTDIR') ? 'FILE_NOT_FOUND' : 'FILE_NOT_READABLE';
    throw new SlipwayError(code, `--secret ${id}: cannot read ${shown}: ${messageOf(error)}`, {
      exit: 3,
      cause: error,
    });
  }
}

function variableOf(id: string, value: string | undefined, name: string): Buffer {
  if (value !== undefined) return Buffer.from(value);
  throw refused(id, `there is no variable ${name}`, 'set it, or name a file with src=');
}

function withoutLineEnd(bytes: Buffer): Buffer {
  if (bytes.at(-1) !== 0x0a) return bytes;
  return bytes.subarray(0, bytes.at(-2) === 0x0d ? -2 : -1);
}

function checked(id: string, bytes: Buffer): Buffer {
  if (bytes.length > MAX_BYTES) throw refused(id, `it is longer than ${String(MAX_BYTES)} bytes`, 'use a binding');
  if (bytes.length >= SECRET_MIN_BYTES) return bytes;
  throw refused(
    id,
    bytes.length === 0 ? 'it is empty' : `it is shorter than ${String(SECRET_MIN_BYTES)} bytes`,
    'bytes so few are in every image by chance: use a longer secret, or a binding, which nobody looks for',
  );
}

function refused(id: string, why: string, hint: string): SlipwayError {
  return new SlipwayError('ARGUMENT_INVALID', `--secret ${id}: ${why}`, { exit: 3, hint });
}

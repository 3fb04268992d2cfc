import { SlipwayError } from '../../core/errors.ts';
import { csvSettings } from './csv-fields.ts';

/** One `--secret`: a file that buildpacks find at `/run/secrets/<id>`. */
export interface SecretRequest {
  readonly id: string;
  readonly from: { readonly kind: 'file' | 'env'; readonly name: string };
}

/** `id=NAME,src=FILE` or `id=NAME,env=VARIABLE`, as buildx has it. Throws `ARGUMENT_INVALID` (exit 3). */
export function parseSecret(text: string): SecretRequest {
  const settings = Object.fromEntries(csvSettings(text, ',', 'secret'));
  const unknown = Object.keys(settings).find((key) => !['type', 'id', 'src', 'source', 'env'].includes(key));
  if (unknown !== undefined) throw bad(text, `there is no setting "${unknown}"`);
  const { id = '', type, src, source = src, env } = settings;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/.test(id)) throw bad(text, `"${id}" is not a name for a file`);
  if (type !== undefined && type !== 'file' && type !== 'env') throw bad(text, `there is no type "${type}"`);
  if ((source === undefined) === (env === undefined)) throw bad(text, 'it needs one of src= and env=');
  const name = source ?? env ?? '';
  if (name === '') throw bad(text, 'it names nothing');
  const kind = env === undefined ? 'file' : 'env';
  if (type !== undefined && type !== kind)
    throw bad(text, `type=${type} does not go with ${kind === 'env' ? 'env=' : 'src='}`);
  return { id, from: { kind, name } };
}

function bad(text: string, why: string): SlipwayError {
  return new SlipwayError('ARGUMENT_INVALID', `--secret ${text}: ${why}`, {
    exit: 3,
    hint: 'write --secret id=NAME,src=FILE or --secret id=NAME,env=VARIABLE',
  });
}

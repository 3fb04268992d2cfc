import { SlipwayError } from '../../core/errors.ts';

/** One `--binding`: a service binding that buildpacks find at `<platform>/bindings/<name>`. */
export interface BindingRequest {
  readonly name: string;
  /** May be relative to the working directory. */
  readonly directory: string;
}

/** `NAME=DIR` (https://github.com/buildpacks/spec/blob/main/extensions/bindings.md). Throws `ARGUMENT_INVALID` (exit 3). */
export function parseBinding(text: string): BindingRequest {
  const equals = text.indexOf('=');
  const [name, directory] = [text.slice(0, equals), text.slice(equals + 1)];
  if (equals > 0 && directory !== '' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/.test(name)) return { name, directory };
  throw new SlipwayError('ARGUMENT_INVALID', `--binding ${text} is not NAME=DIR`, {
    exit: 3,
    hint: 'a name has letters, digits, dots, dashes and underscores: --binding settings=./maven',
  });
}

import { utf8 } from './bytes.ts';

/** A secret of a build: what buildpacks find under this name. */
export interface Secret {
  readonly id: string;
  /** Without a line end after it. */
  readonly bytes: Uint8Array;
}

/** Bytes that show a secret. */
export interface SecretForm {
  readonly id: string;
  readonly bytes: Buffer;
}

/** Shorter ones are everywhere by chance: a search for them would find them in any image. */
export const SECRET_MIN_BYTES = 8;

/**
 * Every way of writing a secret that is looked for: its bytes; base64 of them, by itself and within a longer text, in both alphabets;
 * within a JSON string, as JSON.stringify and as Go write it, and within JSON in a JSON string; within an URL.
 */
export function secretForms(secrets: readonly Secret[]): readonly SecretForm[] {
  return secrets.flatMap(({ id, bytes }) => {
    const raw = Buffer.from(bytes);
    const text = utf8(bytes);
    const written = text === undefined ? [] : textForms(text).map((form) => Buffer.from(form));
    const forms = new Map([raw, ...written, ...base64Forms(raw)].map((form) => [form.toString('latin1'), form]));
    return [...forms.values()].map((form) => ({ id, bytes: form }));
  });
}

/** Besides, base64 to its end, and each line of a secret of several: programs print them one by one. */
export function printedForms(secrets: readonly Secret[]): readonly SecretForm[] {
  const lines = secrets.flatMap(({ id, bytes }) =>
    (utf8(bytes) ?? '')
      .split(/\r?\n/)
      .map((line) => Buffer.from(line.trim()))
      .filter((line) => line.length >= SECRET_MIN_BYTES)
      .map((line) => ({ id, bytes: line })),
  );
  const whole = secrets.map(({ id, bytes }) => ({ id, bytes: Buffer.from(Buffer.from(bytes).toString('base64')) }));
  return [...secretForms(secrets), ...whole, ...lines];
}

function textForms(text: string): readonly string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const go = json.replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const nested = [json, go].map((form) => JSON.stringify(form).slice(1, -1));
  // A lone surrogate cannot be in bytes that were UTF-8.
  return [json, go, ...nested, encodeURIComponent(text)];
}

/** At each of the three places in a group of four characters, without those that other bytes have a part in. */
function base64Forms(raw: Buffer): readonly Buffer[] {
  const forms = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), raw])
      .toString('base64')
      .replace(/=+$/, '');
    const isShared = (before + raw.length) % 3 !== 0;
    return text.slice([0, 2, 3][before], isShared ? -1 : undefined);
  });
  return forms
    .flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')])
    .map((form) => Buffer.from(form));
}

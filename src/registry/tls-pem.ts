import { X509Certificate } from 'node:crypto';
import { messageOf, SlipwayError } from '../core/errors.ts';

const PEM_CERTIFICATE = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]+-----END (?:TRUSTED )?CERTIFICATE-----/g;

/** The PEM certificates in a text, whatever else is in it. */
export function splitCertificates(text: string): readonly string[] {
  return text.match(PEM_CERTIFICATE) ?? [];
}

/** The certificates in a PEM text, each checked to be one. */
export function parseCertificates(text: string, file: string): readonly string[] {
  const found = splitCertificates(text);
  if (found.length === 0) throw unusable(file, 'it holds no PEM certificate');
  for (const pem of found) {
    try {
      new X509Certificate(pem);
    } catch (error) {
      throw unusable(file, messageOf(error), error);
    }
  }
  return found;
}

/** `FILE_INVALID` for a file or directory with certificates. */
export function unusable(file: string, why: string, cause?: unknown): SlipwayError {
  return new SlipwayError('FILE_INVALID', `${file} cannot be used for TLS: ${why}`, { details: { file }, cause });
}

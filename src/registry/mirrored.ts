import type { Context } from '../core/context.ts';
import { retold, SlipwayError } from '../core/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { isDigest } from '../oci/digest.ts';
import { verifyStream } from '../oci/verify-stream.ts';
import type { RegistryRepository } from './client.ts';
import type { ReadPlace } from './registries-conf.ts';

/** A repository that images may be read from. */
export interface ReadFrom {
  readonly repository: RegistryRepository;
  readonly takes: ReadPlace['takes'];
}

/** Places to ask in turn, and those that turned out to be unreachable. */
interface Candidates {
  readonly places: readonly RegistryRepository[];
  readonly gone: Set<RegistryRepository>;
}

/**
 * The repository, read through registries.conf: from its mirrors in order and then from its location. What one has not, or cannot give,
 * the next is asked for; the error is the last one's, with what each said. Everything that writes, lists or deletes is as it was.
 */
export function mirrored(own: RegistryRepository, places: readonly ReadFrom[]): RegistryRepository {
  const gone = new Set<RegistryRepository>();
  const those = (wanted: ReadPlace['takes']): Candidates => {
    const fit = places.filter(({ takes }) => takes === 'all' || takes === wanted).map(({ repository }) => repository);
    return { places: fit.filter((from, index) => index === fit.length - 1 || !gone.has(from)), gone };
  };
  const takers = (name: string): Candidates => those(isDigest(name) ? 'digest-only' : 'tag-only');
  return {
    ...own,
    resolve: (name, ctx) => firstOf(takers(name ?? 'latest'), ctx, (from) => from.resolve(name, ctx)),
    checkRead: (target, ctx) => firstOf(takers(target), ctx, (from) => from.checkRead(target, ctx)),
    has: async (descriptor, ctx) => {
      const candidates = those('digest-only');
      for (const from of candidates.places.slice(0, -1)) {
        try {
          if (await from.has(descriptor, ctx)) return true;
        } catch (error) {
          passOver(from, error, gone, ctx);
        }
      }
      return candidates.places.at(-1)?.has(descriptor, ctx) ?? false;
    },
    // What one sent before it broke off is not checked by the next one's stream.
    open: (descriptor, ctx) =>
      verifyStream(openFirst(those('digest-only'), descriptor, ctx), descriptor, `blob ${descriptor.digest}`),
  };
}

async function firstOf<T>(
  { places, gone }: Candidates,
  ctx: Context,
  ask: (from: RegistryRepository) => Promise<T>,
): Promise<T> {
  const reasons: string[] = [];
  for (const from of places.slice(0, -1)) {
    try {
      return await ask(from);
    } catch (error) {
      reasons.push(passOver(from, error, gone, ctx));
    }
  }
  const last = places.at(-1);
  if (last === undefined) throw new Error('a route has at least its own location');
  try {
    return await ask(last);
  } catch (error) {
    throw withReasons(error, reasons);
  }
}

async function* openFirst(
  { places, gone }: Candidates,
  descriptor: Descriptor,
  ctx: Context,
): AsyncGenerator<Uint8Array> {
  let sent = 0;
  const reasons: string[] = [];
  for (const [index, from] of places.entries()) {
    let position = 0;
    try {
      for await (const chunk of from.open(descriptor, ctx)) {
        const start = Math.max(0, sent - position);
        position += chunk.byteLength;
        if (start >= chunk.byteLength) continue;
        sent += chunk.byteLength - start;
        yield start === 0 ? chunk : chunk.subarray(start);
      }
      return;
    } catch (error) {
      if (index === places.length - 1) throw withReasons(error, reasons);
      reasons.push(passOver(from, error, gone, ctx));
    }
  }
}

/** What a place said, when another may do better; what is wrong on this side is thrown. One that cannot be reached is not asked again. */
function passOver(from: RegistryRepository, error: unknown, gone: Set<RegistryRepository>, ctx: Context): string {
  ctx.signal.throwIfAborted();
  if (!(error instanceof SlipwayError) || !isOfPlace(error)) throw error;
  if (error.code === 'REGISTRY_UNREACHABLE') gone.add(from);
  const text = `${from.description}: ${error.message}`;
  ctx.emit({ type: 'log', level: 'debug', message: `mirror ${text}` });
  return text;
}

function isOfPlace({ code }: SlipwayError): boolean {
  return code.startsWith('REGISTRY_') || ['IMAGE_NOT_FOUND', 'BLOB_NOT_FOUND', 'CONTENT_MISMATCH'].includes(code);
}

function withReasons(error: unknown, reasons: readonly string[]): unknown {
  if (reasons.length === 0 || !(error instanceof SlipwayError)) return error;
  return retold(error, { details: { 'mirrors tried': reasons.join('; ') } });
}

import type { Context } from '../core/context.ts';
import type { Origin } from '../ports/blob.ts';
import type { ImageSink, ImageSource, Lister } from '../ports/store.ts';
import type { RegistryOptions } from './options.ts';

/** Registries as stores. One client a command: it keeps connections, tokens and what is known to be there. Dispose it at the end. */
export interface RegistryClient extends AsyncDisposable {
  /** No request is made before one of the repository's functions is called. */
  readonly repository: (registry: string, repository: string) => RegistryRepository;
}

export interface RegistryRepository extends ImageSource, Lister {
  readonly origin: Origin;
  /** Where an image of that tag is pushed to. */
  readonly openSink: (tag: string) => ImageSink;
  /** Throws when a manifest request is refused or the registry cannot be reached; absence is fine (contract §9.2). */
  readonly checkRead: (target: string, ctx: Context) => Promise<void>;
  /** Throws when no upload can be started (contract §9.2); starts one and cancels it. */
  readonly checkWrite: (ctx: Context) => Promise<void>;
}

export function createRegistryClient(options: RegistryOptions): RegistryClient {
  throw new Error(`not yet: ${options.userAgent}`);
}

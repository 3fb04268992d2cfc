import type { JsonObject } from '../schema/reader.ts';

/** A module as the label of a builder lists it (interfaces §5.5). */
export interface ListedModule {
  readonly id: string;
  readonly version: string;
  readonly name?: string;
  readonly homepage?: string;
}

/** What is listed of a module whose package says more of it. */
export function listedModule(module: {
  readonly id: string;
  readonly version: string;
  readonly info: JsonObject;
}): ListedModule {
  const { id, version, info } = module;
  const { name, homepage } = info;
  return {
    id,
    version,
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof homepage === 'string' ? { homepage } : {}),
  };
}

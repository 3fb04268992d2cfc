import type { RegistryBackend } from './backend.ts';

export function layoutBackend(directory: string): RegistryBackend {
  throw new Error(`not yet: ${directory}`);
}

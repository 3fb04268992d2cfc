import type { RegistryBackend } from './backend.ts';

export function memoryBackend(): RegistryBackend {
  throw new Error('not yet');
}

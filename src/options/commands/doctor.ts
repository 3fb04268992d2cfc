import { option, type CommandSpec } from '../command-spec.ts';
import { DISPLAY, REGISTRY } from './shared.ts';

export const DOCTOR_COMMAND: CommandSpec = {
  name: 'doctor',
  summary: 'look at all that a build needs, and say what to do where it is missing',
  usage: 'slipway doctor [--builder LOCATION] [--registry HOST…]',
  positionals: [],
  options: [
    option('builder', 'string', 'Input', 'look for this builder and its run images too', { value: 'LOCATION' }),
    option('registry', 'strings', 'Input', 'ask this registry whether it can be reached; repeat', {
      value: 'HOST[:PORT]',
    }),
    ...REGISTRY,
    ...DISPLAY,
  ],
  examples: [
    'slipway doctor',
    'slipway doctor --builder registry.example/acme/builder',
    'slipway doctor --registry registry.example --json',
  ],
};

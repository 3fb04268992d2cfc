import type { CommandSpec } from '../command-spec.ts';
import { BUILD_DATA } from './build/data.ts';
import { BUILD_DEBUG } from './build/debug.ts';
import { BUILD_FOREIGN } from './build/foreign.ts';
import { BUILD_INPUT } from './build/input.ts';
import { BUILD_MODULES } from './build/modules.ts';
import { BUILD_LIMITS } from './build/limits.ts';
import { BUILD_OUTPUT } from './build/output.ts';
import { BUILD_RUN } from './build/run.ts';
import { DISPLAY, REGISTRY } from './shared.ts';

export const BUILD_COMMAND: CommandSpec = {
  name: 'build',
  summary: 'build an image from an app directory with buildpacks, without a daemon',
  usage: 'slipway build IMAGE --builder LOCATION --output LOCATION…',
  positionals: ['IMAGE'],
  options: [
    ...BUILD_INPUT,
    ...BUILD_MODULES,
    ...BUILD_OUTPUT,
    ...BUILD_RUN,
    ...BUILD_LIMITS,
    ...BUILD_DATA,
    ...BUILD_DEBUG,
    ...BUILD_FOREIGN,
    ...REGISTRY,
    ...DISPLAY,
  ],
  examples: [
    'slipway build shop --builder registry.example/acme/builder --output docker-archive:shop.tar',
    'slipway build shop --builder registry.example/acme/builder --buildpack ./my-buildpack --buildpack from=builder --publish',
    'slipway build shop --buildpacks bps --run-image oci:run --output oci:out',
    'slipway build shop --buildpacks bps --run-image debian:12 --output docker-archive:shop.tar',
    'slipway build shop --buildpacks bps --run-image debian:12 --output docker-archive:- | docker load',
    'slipway build registry.example/acme/shop --buildpacks bps --run-image debian:12 --publish',
  ],
};

import type { CommandSpec } from './command-spec.ts';
import { EXPLAIN_COMMAND, LOGIN_COMMAND, LOGOUT_COMMAND } from './commands/auth.ts';
import { BUILD_COMMAND } from './commands/build.ts';
import { CACHE_LIST_COMMAND, CACHE_PRUNE_COMMAND, CACHE_USAGE_COMMAND } from './commands/cache.ts';
import { INSPECT_COMMAND, VALIDATE_COMMAND } from './commands/checks.ts';
import { CONFIG_COMMANDS } from './commands/config.ts';
import { DEBUG_COMMAND } from './commands/debug.ts';
import { DOCTOR_COMMAND } from './commands/doctor.ts';
import { IMAGE_COMMANDS } from './commands/image.ts';
import { BUILDER_CREATE_COMMAND, BUILDPACK_PACKAGE_COMMAND, EXTENSION_PACKAGE_COMMAND } from './commands/packages.ts';
import { REBASE_COMMAND } from './commands/rebase.ts';
import { COLLECT_COMMAND, SERVE_COMMAND } from './commands/registry.ts';

/** Every `slipway` command, in the order of help. */
export const COMMANDS: readonly CommandSpec[] = [
  BUILD_COMMAND,
  REBASE_COMMAND,
  BUILDER_CREATE_COMMAND,
  BUILDPACK_PACKAGE_COMMAND,
  EXTENSION_PACKAGE_COMMAND,
  INSPECT_COMMAND,
  VALIDATE_COMMAND,
  ...IMAGE_COMMANDS,
  SERVE_COMMAND,
  COLLECT_COMMAND,
  DEBUG_COMMAND,
  CACHE_LIST_COMMAND,
  CACHE_USAGE_COMMAND,
  CACHE_PRUNE_COMMAND,
  DOCTOR_COMMAND,
  ...CONFIG_COMMANDS,
  LOGIN_COMMAND,
  LOGOUT_COMMAND,
  EXPLAIN_COMMAND,
];

import type { CommandTask } from './commands/command-task.ts';

/** The code of a command of `slipway config`, loaded when it is asked for; undefined for another command. */
export async function loadConfigTask(name: string): Promise<CommandTask | undefined> {
  switch (name) {
    case 'config show':
      return (await import('./commands/config-show.ts')).runConfigShowCommand;
    case 'config get':
      return (await import('./commands/config-show.ts')).runConfigGetCommand;
    case 'config set':
      return (await import('./commands/config-set.ts')).runConfigSetCommand;
    case 'config unset':
      return (await import('./commands/config-set.ts')).runConfigUnsetCommand;
    case 'config default-builder':
      return (await import('./commands/config-set.ts')).settingTask('default-builder-image');
    case 'config pull-policy':
      return (await import('./commands/config-set.ts')).settingTask('pull-policy');
    case 'config lifecycle-image':
      return (await import('./commands/config-set.ts')).settingTask('lifecycle-image');
    case 'config experimental':
      return (await import('./commands/config-set.ts')).settingTask('experimental');
    case 'config run-image-mirrors':
      return (await import('./commands/config-lists.ts')).runRunImageMirrorsCommand;
    case 'config registry-mirrors':
      return (await import('./commands/config-lists.ts')).runRegistryMirrorsCommand;
    case 'config trusted-builders':
      return (await import('./commands/config-lists.ts')).runTrustedBuildersCommand;
    default:
      return undefined;
  }
}

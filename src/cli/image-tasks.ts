import type { CommandTask } from './commands/command-task.ts';

/** The code of a command of `slipway image`, loaded when it is asked for; undefined for another command. */
export async function loadImageTask(name: string): Promise<CommandTask | undefined> {
  switch (name) {
    case 'image copy':
      return (await import('./commands/image-copy.ts')).runCopyCommand;
    case 'image pull':
      return (await import('./commands/image-copy.ts')).runPullCommand;
    case 'image push':
      return (await import('./commands/image-copy.ts')).runPushCommand;
    case 'image digest':
      return (await import('./commands/image-read.ts')).runDigestCommand;
    case 'image manifest':
      return (await import('./commands/image-read.ts')).runManifestCommand;
    case 'image config':
      return (await import('./commands/image-read.ts')).runConfigCommand;
    case 'image blob':
      return (await import('./commands/image-read.ts')).runBlobCommand;
    case 'image ls':
      return (await import('./commands/image-list.ts')).runListCommand;
    case 'image catalog':
      return (await import('./commands/image-list.ts')).runCatalogCommand;
    case 'image referrers':
      return (await import('./commands/image-list.ts')).runReferrersCommand;
    case 'image tag':
      return (await import('./commands/image-edit.ts')).runTagCommand;
    case 'image rm':
      return (await import('./commands/image-edit.ts')).runRemoveCommand;
    case 'image validate':
      return (await import('./commands/validate.ts')).runValidateImageCommand;
    default:
      return undefined;
  }
}

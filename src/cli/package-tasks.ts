import type { CommandTask } from './commands/command-task.ts';

/** The code of a command of builders, buildpacks and extensions, loaded when it is asked for; undefined for another command. */
export async function loadPackageTask(name: string): Promise<CommandTask | undefined> {
  switch (name) {
    case 'builder create':
      return (await import('./commands/package.ts')).runBuilderCreateCommand;
    case 'builder inspect':
      return (await import('./commands/package-inspect.ts')).runBuilderInspectCommand;
    case 'builder suggest':
      return (await import('./commands/package-inspect.ts')).runBuilderSuggestCommand;
    case 'buildpack package':
      return (await import('./commands/package.ts')).packageTask('buildpack');
    case 'buildpack inspect':
      return (await import('./commands/package-inspect.ts')).inspectTask('buildpack');
    case 'buildpack pull':
      return (await import('./commands/package-pull.ts')).runBuildpackPullCommand;
    case 'buildpack new':
      return (await import('./commands/package-new.ts')).newTask('buildpack');
    case 'extension package':
      return (await import('./commands/package.ts')).packageTask('extension');
    case 'extension inspect':
      return (await import('./commands/package-inspect.ts')).inspectTask('extension');
    case 'extension new':
      return (await import('./commands/package-new.ts')).newTask('extension');
    default:
      return undefined;
  }
}

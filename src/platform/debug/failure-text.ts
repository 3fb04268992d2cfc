import { quoted } from '../../sandbox/shell-words.ts';
import type { KeptStep } from './kept-step.ts';

/** What is kept, for people: what ran, where, with what, how it ended and what it said last. */
export function failureText(kept: KeptStep, output: string): string {
  const { step, request, leftOut } = kept;
  const { root, user } = request;
  const facts = [
    ['step', `bin/${step.phase} of ${step.module.replace('@', ' ')}, of a build of ${kept.image}`],
    ['ended', kept.failure],
    ['time', kept.time],
    ['sandbox', `${kept.sandbox}, network ${request.network === 'host' ? 'on' : 'off'}`],
    [
      'root',
      root.kind === 'host'
        ? 'this machine’s, read-only'
        : `${root.path}${kept.builder === undefined ? '' : ` (${kept.builder})`}`,
    ],
    ...(user === undefined ? [] : [['user', `${String(user.uid)}:${String(user.gid)}`]]),
    ['directory', request.cwd],
    ['command', request.argv.map(quoted).join(' ')],
  ];
  const mounts = request.mounts.map(
    ({ source, target, writable }) => `  ${target}  ${writable ? 'writable' : 'read-only'}  ${source}`,
  );
  const gone = [
    ...leftOut.variables.map(
      (name) => `  ${name}: credentials are in it; it is taken from the environment of whoever enters`,
    ),
    ...leftOut.mounts.map((target) => `  ${target}: a secret, or a file that was only there during the build`),
  ];
  return [
    ...facts.map(([label = '', value = '']) => `${label.padEnd(10)} ${value}`),
    '\nmounts',
    ...mounts,
    '\nenvironment',
    ...Object.entries(request.env).map(([name, value]) => `  ${name}=${value.replaceAll('\n', '\n    ')}`),
    ...(gone.length === 0 ? [] : ['\nnot kept', ...gone]),
    '\nlast output',
    ...output
      .trimEnd()
      .split('\n')
      .map((line) => `  ${line}`),
    '\nenter.sh opens a shell there; enter.sh --run runs the step again. Remove the directory when you are done.',
    '',
  ].join('\n');
}

import { encodeToml, struct } from '../../cnb/files/toml-write.ts';
import type { ModuleKind } from '../../cnb/module.ts';
import { formatPlatform, type Platform } from '../../oci/platform.ts';
import buildProgram from './build.sh';
import detectProgram from './detect.sh';
import generateProgram from './generate.sh';
import { NODE_BUILD, NODE_DETECT } from './node-programs.ts';

export interface ScaffoldChoice {
  readonly kind: ModuleKind;
  readonly id: string;
  readonly version: string;
  readonly api: string;
  readonly targets: readonly Platform[];
  readonly template: 'sh' | 'node';
}

export interface ScaffoldFile {
  readonly path: string;
  readonly text: string;
  readonly isProgram: boolean;
}

/** The files of a new buildpack or extension that works: it greets an app that has a greeting.txt. */
export function scaffoldFiles(choice: ScaffoldChoice): readonly ScaffoldFile[] {
  const { kind, template } = choice;
  const programs: readonly (readonly [string, string])[] =
    kind === 'extension'
      ? [
          ['bin/detect', detectProgram],
          ['bin/generate', generateProgram],
        ]
      : [
          ['bin/build', template === 'node' ? NODE_BUILD : buildProgram],
          ['bin/detect', template === 'node' ? NODE_DETECT : detectProgram],
        ];
  return [
    { path: `${kind}.toml`, text: descriptorText(choice), isProgram: false },
    ...programs.map(([path, text]) => ({ path, text, isProgram: true })),
    { path: 'README.md', text: readme(choice), isProgram: false },
    // Line ends of Windows would make the programs unusable.
    { path: '.gitattributes', text: '* text=auto eol=lf\n', isProgram: false },
  ];
}

function descriptorText({ kind, id, version, api, targets }: ScaffoldChoice): string {
  return encodeToml(
    struct([
      ['api', api],
      [
        kind,
        struct([
          ['id', id],
          ['version', version],
        ]),
      ],
      [
        'targets',
        targets.map(({ os, architecture, variant }) =>
          struct([
            ['os', os],
            ['arch', architecture],
            ['variant', variant],
          ]),
        ),
      ],
    ]),
  );
}

function readme({ kind, id, version, template, targets }: ScaffoldChoice): string {
  const what = kind === 'buildpack' ? 'Cloud Native Buildpack' : 'image extension of Cloud Native Buildpacks';
  const needs = template === 'node' && kind === 'buildpack' ? '\nIts programs need Node in the build image.\n' : '';
  const flag = kind === 'buildpack' ? '--buildpack' : '--extension';
  const platforms = targets.map((target) => ` --target ${formatPlatform(target)}`).join('');
  return `# ${id}

${an(what)} ${what}, version ${version}, that takes part when the app has a \`greeting.txt\`.
${needs}
Try it:

\`\`\`sh
mkdir -p /tmp/greeted && echo 'hello' > /tmp/greeted/greeting.txt
slipway build greeted --path /tmp/greeted --builder BUILDER ${flag} . --output oci:/tmp/greeted-image
\`\`\`

Publish it:

\`\`\`sh
slipway ${kind} package registry.example/${id}:${version}${platforms}
\`\`\`

The specification: https://github.com/buildpacks/spec
`;
}

function an(word: string): string {
  return /^[aeiou]/i.test(word) ? 'An' : 'A';
}

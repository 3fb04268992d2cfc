// docs/reference/project-toml.md: every key of the codec, with what it does and the test that proves it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../bootstrap.mjs';
import { code, page, table } from './markdown.mjs';

const SCHEMAS = ['0.1', '0.2', '0.3'];

/** `keys` is the codec's own list: a key that is in one and not in the other stops the making of the page. */
export function renderProjectToml(file, keys) {
  const rows = JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
  const schemasOf = new Map(keys.map(({ key, schemas }) => [key, schemas]));
  const listed = rows.map(({ key }) => key);
  const odd = [
    ...listed.filter((key) => !schemasOf.has(key)),
    ...[...schemasOf.keys()].filter((key) => !listed.includes(key)),
  ];
  if (odd.length > 0) throw new Error(`${file} and src/cnb/project-keys.ts disagree on ${odd.join(', ')}`);
  return page(
    'project.toml',
    `${file} and src/cnb/project-keys.ts`,
    'The project descriptor of `slipway build`: `--descriptor FILE`, else `project.toml` in the app, which may be an archive. What the ' +
      'command line says wins over it, and it wins over `slipway config`. A line of the log says what was read. Keys that the schema does ' +
      'not have are warned about by their place and ignored; a value of a wrong type, and keys that exclude each other, stop the build ' +
      'with file and key before anything of it. Tables that belong to other programs, by the reverse of a domain, are not looked into. ' +
      'The descriptor itself stays in the app unless it is excluded.',
    'Patterns have git’s rules: case counts, a slash at the end means a directory, one in front or within means the root, the last ' +
      'pattern that matches decides, and nothing below an excluded directory comes back. With `include`, directories are there when ' +
      'something in them is. Everything applies to the files of an archive as well.',
    'The label `io.buildpacks.project.metadata` is `{"source": {"type": "project", "version": …, "metadata": …}}` with what the file says ' +
      'of the project; `--project-metadata FILE` takes its place as a whole.',
    'Where pack differs: [differences](differences.md#projecttoml-and-apps). Each key has, besides the test named here, its cases in ' +
      '`test/cnb/files/project.test.ts`: read, warned about in other schemas, refused when it is of a wrong type.',
    ...SCHEMAS.flatMap((schema) => [
      `## Schema ${schema}`,
      table(
        ['key', 'value', 'does', 'proven by'],
        rows
          .filter(({ key }) => schemasOf.get(key).includes(schema))
          .map(({ key, type, meaning, provenBy }) => [code(key), type, meaning, provenBy]),
      ),
    ]),
  );
}

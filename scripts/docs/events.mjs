// docs/reference/events.md: the Event union, its fields and its comments.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from '../bootstrap.mjs';
import { code, page, table } from './markdown.mjs';

export function renderEvents(path) {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const types = new Map(
    source.statements
      .filter((node) => ts.isTypeAliasDeclaration(node) || ts.isInterfaceDeclaration(node))
      .map((node) => [node.name.text, node]),
  );
  const members = types.get('Event').type.types;
  const named = [...types].filter(([name, node]) => name !== 'Event' && !ts.isFunctionTypeNode(node.type ?? node));
  return page(
    'Events',
    path,
    'With `--json` each event is one line on standard output. Two fields come first in every line: `v`, the version of this format (1), and `type`; then ' +
      '`time`, an RFC 3339 time with milliseconds. Fields may be added in a version; none changes its meaning.',
    ...members.flatMap((member) => renderEvent(member, text)),
    '## `error`',
    'The last line when the command fails.',
    table(
      ['field', 'type', 'is'],
      [
        [code('code'), 'string', 'one of [the error codes](errors.md)'],
        [code('message'), 'string', 'what went wrong, with its subject'],
        [code('hint'), 'string, optional', 'what to do'],
        [code('details'), 'object of strings', 'facts by their label'],
        [code('exitCode'), 'number', 'exit code of the command'],
      ],
    ),
    '## Types',
    ...named.map(([name, node]) =>
      ts.isInterfaceDeclaration(node)
        ? `${code(name)}\n\n${fields(node.members, text)}`
        : `${code(name)}: ${type(node.type)}`,
    ),
  );
}

function renderEvent(member, text) {
  const [first, ...rest] = member.members;
  const name = type(first.type).replaceAll(/['`]/g, '');
  const comment = commentBefore(member, text);
  const parts = [`## ${code(name)}`];
  if (comment !== '') parts.push(comment);
  parts.push(fields(rest, text));
  return parts;
}

function fields(members, text) {
  return table(
    ['field', 'type', 'is'],
    members.map((member) => [
      code(member.name.text),
      `${type(member.type)}${member.questionToken === undefined ? '' : ', optional'}`,
      commentBefore(member, text),
    ]),
  );
}

function type(node) {
  const shown = node.getText().replaceAll(/\s+/g, ' ').replaceAll('readonly ', '');
  return /['[\]]|^[A-Z]/.test(shown) ? code(shown) : shown;
}

/** The text of the doc comment in front of a node; a union's member has it before its bar. */
function commentBefore(node, text) {
  const found = [...text.slice(0, node.getStart()).matchAll(/\/\*\*((?:[^*]|\*(?!\/))*)\*\/\s*\|?\s*$/g)].at(-1);
  return found === undefined
    ? ''
    : found[1]
        .replaceAll(/\s*\n\s*\*?\s*/g, ' ')
        .replaceAll(/ \((contract|design) §[^)]*\)/g, '')
        .trim();
}

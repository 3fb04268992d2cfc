import type { PlainData, PlainTable } from '../schema/plain-data.ts';
import { encodeToml, struct, type TomlDocument, type TomlNode } from '../cnb/files/toml-write.ts';

export type ReportForm = 'json' | 'yaml' | 'toml';

export function renderReport(data: PlainTable, form: ReportForm): string {
  switch (form) {
    case 'json':
      return `${JSON.stringify(data, undefined, 2)}\n`;
    case 'yaml':
      return `${yamlTable(data, '').join('\n')}\n`;
    case 'toml':
      return encodeToml(tomlTable(data));
  }
}

function isTable(data: PlainData): data is PlainTable {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}

function membersOf(data: PlainTable): readonly (readonly [string, PlainData])[] {
  return Object.entries(data).filter(([, value]) => value !== undefined);
}

function yamlTable(data: PlainTable, indent: string): readonly string[] {
  return membersOf(data).flatMap(([key, value]) => yamlMember(`${indent}${key}:`, value, indent));
}

function yamlMember(head: string, value: PlainData, indent: string): readonly string[] {
  if (Array.isArray(value)) {
    if (value.length === 0) return [`${head} []`];
    return [head, ...value.flatMap((item: PlainData) => yamlItem(item, indent))];
  }
  if (!isTable(value)) return [`${head} ${yamlScalar(value)}`];
  return membersOf(value).length === 0 ? [`${head} {}`] : [head, ...yamlTable(value, `${indent}  `)];
}

function yamlItem(item: PlainData, indent: string): readonly string[] {
  if (!isTable(item)) return [`${indent}- ${yamlScalar(item)}`];
  const lines = yamlTable(item, `${indent}  `);
  if (lines.length === 0) return [`${indent}- {}`];
  return lines.map((line, index) => (index === 0 ? `${indent}- ${line.slice(indent.length + 2)}` : line));
}

/** As it is where no reader can take it for something else; else as JSON, which YAML reads too. */
function yamlScalar(value: PlainData): string {
  const isPlain = typeof value === 'string' && /^[A-Za-z](?:[A-Za-z0-9 _./@-]*[A-Za-z0-9])?$/.test(value);
  return isPlain && !isYamlWord(value) ? value : JSON.stringify(value ?? null);
}

/** What YAML readers would take for something else than text. */
function isYamlWord(text: string): boolean {
  return /^(?:true|false|yes|no|on|off|null|y|n)$/i.test(text);
}

function tomlTable(data: PlainTable): TomlDocument {
  return struct(membersOf(data).map(([key, value]) => [key, tomlNode(value)]));
}

function tomlNode(value: PlainData): TomlNode {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (isTable(value)) return tomlTable(value);
  const tables = value.filter(isTable);
  return tables.length > 0 ? tables.map(tomlTable) : value.filter((item) => typeof item === 'string');
}

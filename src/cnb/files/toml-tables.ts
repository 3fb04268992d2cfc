/** How a table or key came to be: what may still be added to it depends on that (TOML 1.0, "Table"). */
interface Node {
  kind: 'implicit' | 'header' | 'dotted' | 'list' | 'value';
  readonly children: Map<string, Node>;
  /** The newest element of a list of tables. */
  last?: Node;
}

/**
 * Finds tables that are defined twice in ways the TOML package lets pass: `[a]` after a dotted key made `a`, and a dotted key that
 * reaches into a table with a header of its own. Both answer the reason, or undefined when all is well.
 */
export class TomlTables {
  readonly #root: Node = newNode('header');
  #section: Node = this.#root;

  header(path: readonly string[], kind: 'table' | 'list'): string | undefined {
    let node = this.#root;
    for (const name of path.slice(0, -1)) {
      const child = childOf(node, name, 'implicit');
      node = child.last ?? child;
    }
    const name = path.at(-1);
    if (name === undefined) return undefined;
    const found = node.children.get(name);
    if (kind === 'list') {
      const list = found ?? childOf(node, name, 'list');
      list.last = newNode('header');
      this.#section = list.last;
      return undefined;
    }
    if (found?.kind === 'dotted') return `table ${name} is defined by a dotted key already`;
    const table = found ?? childOf(node, name, 'header');
    if (table.kind === 'implicit') table.kind = 'header';
    this.#section = table.last ?? table;
    return undefined;
  }

  key(path: readonly string[]): string | undefined {
    let node = this.#section;
    for (const name of path.slice(0, -1)) {
      node = childOf(node, name, 'dotted');
      if (node.kind !== 'dotted' && node.kind !== 'value') return `table ${name} is defined elsewhere already`;
    }
    const name = path.at(-1);
    if (name !== undefined) childOf(node, name, 'value');
    return undefined;
  }
}

function newNode(kind: Node['kind']): Node {
  return { kind, children: new Map() };
}

function childOf(node: Node, name: string, kind: Node['kind']): Node {
  const found = node.children.get(name);
  if (found !== undefined) return found;
  const made = newNode(kind);
  node.children.set(name, made);
  return made;
}

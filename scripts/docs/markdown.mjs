// Pieces of Markdown.

export function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map((row) => line(row.map(cell)))].join('\n');
}

export function code(text) {
  return text === undefined || text === '' ? '' : `\`${text}\``;
}

export function page(title, source, ...parts) {
  return plainPage(title, `Made by scripts/docs.mjs from ${source}; change it there.`, ...parts);
}

/** A page that says in a comment how it was made. */
export function plainPage(title, comment, ...parts) {
  return [`# ${title}`, `<!-- ${comment} -->`, ...parts, ''].join('\n\n');
}

function cell(text) {
  return String(text ?? '')
    .replaceAll('|', '\\|')
    .replaceAll('\n', ' ');
}

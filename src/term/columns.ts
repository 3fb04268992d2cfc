export interface Column {
  readonly align?: 'left' | 'right';
}

/** Rows with aligned columns, two spaces between them, no spaces at the end of a line. */
export function alignColumns(rows: readonly (readonly string[])[], columns: readonly Column[] = []): readonly string[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, index) => Math.max(...rows.map((row) => widthOf(row[index] ?? ''))));
  return rows.map((row) =>
    row
      .map((cell, index) => {
        const gap = ' '.repeat((widths[index] ?? 0) - widthOf(cell));
        return columns[index]?.align === 'right' ? gap + cell : cell + gap;
      })
      .join('  ')
      .trimEnd(),
  );
}

/** Characters on screen: escape sequences take none. Wide characters count as one. */
function widthOf(text: string): number {
  return Array.from(stripEscapes(text)).length;
}

/** Text without terminal control sequences. */
export function stripEscapes(text: string): string {
  // eslint-disable-next-line no-control-regex -- escape sequences are made of control characters
  return text.replace(/\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g, '');
}

/** At most `width` characters, with an ellipsis where text was cut. */
export function clip(text: string, width: number): string {
  const characters = Array.from(text);
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 3)).join('')}...`;
}

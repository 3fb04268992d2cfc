// Small SVG charts: bars of ratios, and curves. Plain shapes and text, readable on a light and on a dark page.

const STYLE =
  '<style>text{font:12px sans-serif;fill:#666}.bar{fill:#3b82c4}.over{fill:#c4663b}.mark{stroke:#888;stroke-width:1.5}' +
  '.line{fill:none;stroke:#888;stroke-dasharray:4 3}.dot{fill:#3b82c4}.peer{stroke:#888;stroke-width:1;stroke-dasharray:2 3}</style>';

/** Bars of ratios from 0 to a little over 1; a bar's own mark is its limit, the dotted line is the peer. */
export function ratioChart(bars) {
  const [left, width, row] = [330, 360, 20];
  const most = Math.max(1.1, ...bars.map(({ ratio }) => Math.min(ratio, 2)));
  const x = (value) => (left + (Math.min(value, 2) / most) * width).toFixed(1);
  const height = bars.length * row + 30;
  const body = bars.map(({ label, ratio, limit }, index) => {
    const y = 8 + index * row;
    const kind = limit !== undefined && ratio > limit ? 'over' : 'bar';
    const mark = limit === undefined ? '' : line('mark', x(limit), y - 2, x(limit), y + 14);
    return (
      `<text x="${String(left - 8)}" y="${String(y + 11)}" text-anchor="end">${escape(label)}</text>` +
      `<rect class="${kind}" x="${String(left)}" y="${String(y)}" width="${(x(ratio) - left).toFixed(1)}" height="12"/>${mark}` +
      `<text x="${String(Number(x(ratio)) + 5)}" y="${String(y + 11)}">${ratio.toFixed(2)}</text>`
    );
  });
  const peer = `${line('peer', x(1), 2, x(1), height - 22)}<text x="${x(1)}" y="${String(height - 8)}" text-anchor="middle">the peer</text>`;
  return svg(left + width + 60, height, 'Ratios to the peers, less is better', [...body, peer]);
}

/** Points of (amount, CPU seconds) and the fitted line; both axes begin at 0. */
export function curveChart({ title, unit, points, start, slope }) {
  const [left, top, width, height] = [50, 26, 420, 200];
  const most = Math.max(...points.map(({ amount }) => amount));
  const high = Math.max(...points.map(({ cpu }) => cpu), start + slope * most) * 1.05;
  const x = (value) => (left + (value / most) * width).toFixed(1);
  const y = (value) => (top + height - (value / high) * height).toFixed(1);
  return svg(left + width + 30, top + height + 44, title, [
    `<text x="${String(left)}" y="16">${escape(title)}: CPU seconds</text>`,
    line('mark', left, top + height, left + width, top + height),
    line('mark', left, top, left, top + height),
    `<path class="line" d="M${x(0)} ${y(start)}L${x(most)} ${y(start + slope * most)}"/>`,
    ...points.map(({ amount, cpu }) => `<circle class="dot" cx="${x(amount)}" cy="${y(cpu)}" r="3.5"/>`),
    ...[0, 0.5, 1].map(
      (part) =>
        `<text x="${x(part * most)}" y="${String(top + height + 18)}" text-anchor="middle">${String(part * most)}</text>`,
    ),
    `<text x="${String(left + width / 2)}" y="${String(top + height + 36)}" text-anchor="middle">${escape(unit)}</text>`,
    `<text x="${String(left - 6)}" y="${String(top + 8)}" text-anchor="end">${high.toPrecision(2)}</text>`,
  ]);
}

function line(kind, x1, y1, x2, y2) {
  return `<line class="${kind}" x1="${String(x1)}" y1="${String(y1)}" x2="${String(x2)}" y2="${String(y2)}"/>`;
}

function svg(width, height, title, parts) {
  const size = `width="${String(width)}" height="${String(height)}" viewBox="0 0 ${String(width)} ${String(height)}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">\n<title>${escape(title)}</title>\n${STYLE}\n${parts.join('\n')}\n</svg>\n`;
}

function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

/** Paths at which two values of JSON differ; labels that hold JSON are looked into. */
export function differingFields(ours: unknown, recorded: unknown, path = ''): readonly string[] {
  const [a, b] = [opened(ours), opened(recorded)];
  if (!isContainer(a) || !isContainer(b)) return Object.is(a, b) ? [] : [path];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  const [left, right] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  return [...keys].flatMap((key) =>
    differingFields(left.get(key), right.get(key), path === '' ? key : `${path}.${key}`),
  );
}

/** The data in a text that is JSON of a table or a list. */
function opened(value: unknown): unknown {
  if (typeof value !== 'string' || !/^[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    // A text that only begins like JSON.
    return value;
  }
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

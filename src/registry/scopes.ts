/** Our scopes and those that the registry asks for and ours do not cover. */
export function mergeScopes(own: readonly string[], asked: string | undefined): readonly string[] {
  const missing = (asked ?? '').split(' ').filter((scope) => scope !== '' && !coversAll(own, [scope]));
  return [...own, ...missing];
}

/** Whether a token that was asked for `have` serves where `wanted` are needed. */
export function coversAll(have: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((scope) => have.some((each) => covers(each, scope)));
}

/** `repository:app:pull,push` covers `repository:app:pull`. */
function covers(have: string, wanted: string): boolean {
  const [name, actions] = split(have);
  const [wantedName, wantedActions] = split(wanted);
  return name === wantedName && wantedActions.every((action) => actions.includes(action));
}

function split(scope: string): readonly [name: string, actions: readonly string[]] {
  const colon = scope.lastIndexOf(':');
  return [scope.slice(0, colon), scope.slice(colon + 1).split(',')];
}

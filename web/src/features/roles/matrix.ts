// Permissions are "object:verb"; the matrix has a row for each object and a column for each verb. Pure.

export interface MatrixRow {
  object: string;
  verbs: string[];
}

/** Every permission that a role has, by object; the objects in order, `read` first. */
export function matrixOf(roles: readonly { permissions?: string[] }[]): MatrixRow[] {
  const objects = new Map<string, Set<string>>();
  for (const role of roles) {
    for (const permission of role.permissions ?? []) {
      const [object = '', verb = ''] = permission.split(':');
      const verbs = objects.get(object) ?? new Set<string>();
      verbs.add(verb);
      objects.set(object, verbs);
    }
  }
  const order = (verb: string) => ['read', 'write'].indexOf(verb) + 1 || 9;
  return [...objects]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([object, verbs]) => ({
      object,
      verbs: [...verbs].sort((a, b) => order(a) - order(b) || a.localeCompare(b)),
    }));
}

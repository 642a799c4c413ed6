// An address of each page that has parameters, on the demonstration's data. Most are found by themselves: `$id` of /things/$id is the
// first item of /api/v1/things, by the member of that name, its id or its name. What is not found so stands here.

/** path → the addresses to visit, made by asking the API. */
export const examples = {};

/** The addresses of a row of pages.ts below the workspace. */
export async function addressesOf(path, api) {
  if (examples[path]) return examples[path](api);
  if (!path.includes('$')) return [path];
  const collection = path.split('/')[1];
  const count = path.split('$').length - 1;
  let items;
  try {
    ({ items } = await api(`/api/v1/${collection}?limit=10`));
  } catch {
    ({ items } = await api(`/api/v1/${collection}`));
  }
  if (items.length < count) {
    throw new Error(
      `no example for ${path}: the demonstration has no ${collection}; add a row to tests/examples.mjs or to examples/demo`,
    );
  }
  let at = 0;
  return [
    path.replace(/\$(\w+)/g, (_, name) => {
      const item = items[at++];
      return encodeURIComponent(item[name] ?? item.id ?? item.name);
    }),
  ];
}

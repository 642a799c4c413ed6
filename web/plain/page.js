// What every page is made of: elements, the API, the frame.

const main = document.getElementById("main");

export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value != null) node.setAttribute(key, value);
  for (const child of children.flat()) if (child != null) node.append(child);
  return node;
}

export class ApiError extends Error {
  constructor(status, message, body = {}) { super(message); this.status = status; this.code = body.code; this.body = body; }
}

export async function api(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { ...options, headers: { Accept: "application/json", ...options.headers } });
  } catch {
    throw new ApiError(0, "The server does not answer. It may be stopped or restarting; this page tries again by itself.");
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiError(response.status, body.detail || `The server answered ${response.status}.`, body);
  return body;
}

export function show(title, ...children) {
  document.title = `${title} · Sluice`;
  main.replaceChildren(element("h1", {}, title), ...children.flat().filter((child) => child != null));
}

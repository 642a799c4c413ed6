// The forms of people: signing in, setting the server up, accepting an invitation, choosing a new password. Tokens come in the
// part of the address after #, which browsers do not send to servers.

import { api, element, show } from "./page.js";

const token = () => new URLSearchParams(location.hash.slice(1)).get("token") ?? "";

export const send = (path, body) => api(path, {
  method: "POST",
  headers: { "Content-Type": "application/json", "Sluice-Request": "page" },
  body: JSON.stringify(body),
});

const fields = {
  email: { label: "E-mail address", type: "email", autocomplete: "username" },
  name: { label: "Your name", type: "text", autocomplete: "name" },
  password: { label: "Password", type: "password", autocomplete: "current-password" },
  new_password: { label: "Password, 12 characters or more", type: "password", autocomplete: "new-password", minlength: "12" },
  otp: { label: "Code", type: "text", autocomplete: "one-time-code", autocapitalize: "none" },
};

// A form of the named fields; `submit` gets their values, and what it throws is shown.
function form(names, button, submit) {
  const message = element("p", { class: "error", role: "alert" });
  const inputs = names.map((name) => {
    const { label, ...attributes } = fields[name];
    return element("label", {}, label, element("input", { name, required: "", ...attributes }));
  });
  const action = element("button", { type: "submit" }, button);
  const node = element("form", { class: "notice" }, ...inputs, action, message);
  node.addEventListener("submit", async (event) => {
    event.preventDefault();
    action.disabled = true;
    message.textContent = "";
    try {
      await submit(Object.fromEntries(new FormData(node)));
    } catch (error) {
      message.textContent = error.message;
    }
    action.disabled = false;
  });
  return node;
}

const enter = () => location.assign("/");

function askSecondFactor(challenge, then) {
  show("Second factor", element("p", {}, "Enter the code that your authenticator app shows, or one of your recovery codes."),
    form(["otp"], "Go on", async ({ otp }) => {
      await send("/api/v1/auth/login/second-factor", { challenge, otp });
      then();
    }));
}

export async function showSignIn(then = enter) {
  const challenge = new URLSearchParams(location.hash.slice(1)).get("challenge");
  if (challenge) {
    history.replaceState(null, "", location.pathname);
    askSecondFactor(challenge, then);
    return;
  }
  const { needed } = await api("/api/v1/auth/setup");
  const single = await api("/api/v1/auth/oidc");
  const hint = needed
    ? element("p", { class: "quiet" }, "Nobody has an account yet. The server's log has a link that makes the first one; a restart prints another.")
    : element("p", { class: "quiet" }, "Without an account, run ", element("code", {}, "sluice link"), " on the server's machine.");
  show("Sign in", form(["email", "password"], "Sign in", async (values) => {
    try {
      await send("/api/v1/auth/login", values);
    } catch (error) {
      if (error.code !== "otp_required") throw error;
      askSecondFactor(error.body.challenge, then);
      return;
    }
    then();
  }), single.enabled ? element("p", {}, element("a", { href: single.path, class: "button" }, `Sign in with ${single.name}`)) : null, hint);
}

function showSetup() {
  show("Set up Sluice", element("p", {}, "This makes the owner's account of this server."),
    form(["email", "name", "new_password"], "Make the account", async ({ email, name, new_password }) => {
      await send("/api/v1/auth/setup", { token: token(), email, name, password: new_password });
      enter();
    }));
}

async function showInvitation() {
  const path = `/api/v1/auth/invitations/${encodeURIComponent(token() || "none")}`;
  const invitation = await api(path);
  const intro = element("p", {}, `${invitation.email} is invited to the workspace ${invitation.workspace.name} as ${invitation.role}.`);
  const accept = async (values) => { await send(path, values); enter(); };
  if (!invitation.has_account) {
    show("Invitation", intro, form(["name", "new_password"], "Make the account",
      ({ name, new_password }) => accept({ name, password: new_password })));
    return;
  }
  const me = await api("/api/v1/auth/me").catch(() => ({}));
  if (me.user?.email === invitation.email) show("Invitation", intro, form([], "Join", () => accept({})));
  else await showSignIn(() => location.reload());
}

function showReset() {
  show("New password", form(["new_password"], "Set the password", async ({ new_password }) => {
    await send("/api/v1/auth/reset", { token: token(), password: new_password });
    await showSignIn();
  }));
}

// The pages that need no session; null for another path.
export const openPages = { "/sign-in": () => showSignIn(), "/setup": showSetup, "/invite": showInvitation, "/reset": showReset };

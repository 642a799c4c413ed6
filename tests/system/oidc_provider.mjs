// A real OpenID provider for the tests: node oidc_provider.mjs '{"tools": …, "port": …, "redirect_uris": […], "alg": …}'.
// Whoever the parameter login_hint names is signed in without a form. POST /test/people replaces what it knows of them.

import { generateKeyPairSync, randomUUID } from "node:crypto";
import { pathToFileURL } from "node:url";

const { tools, port, redirect_uris, alg, client_id, client_secret } = JSON.parse(process.argv[2]);
const { default: Provider } = await import(pathToFileURL(`${tools}/node_modules/oidc-provider/lib/index.js`).href);

let people = {};

const key = (type, options, alg) =>
  ({ ...generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg });

const issuer = `http://127.0.0.1:${port}`;
const provider = new Provider(issuer, {
  clients: [{
    client_id, client_secret, redirect_uris, response_types: ["code"], grant_types: ["authorization_code"],
    token_endpoint_auth_method: client_secret ? "client_secret_basic" : "none", id_token_signed_response_alg: alg,
  }],
  jwks: { keys: [key("rsa", { modulusLength: 2048 }, "RS256"), key("ec", { namedCurve: "P-256" }, "ES256"), key("ed25519", {}, "EdDSA")] },
  enabledJWA: { idTokenSigningAlgValues: ["RS256", "ES256", "EdDSA"] },
  cookies: { keys: [randomUUID()] },
  features: { devInteractions: { enabled: false } },
  scopes: ["openid", "email", "profile", "groups"],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
  pkce: { required: () => true },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope("openid email profile groups");
    await grant.save();
    return grant;
  },
});

provider.use(async (ctx, next) => {
  if (ctx.path === "/test/people") {
    let body = "";
    for await (const piece of ctx.req) body += piece;
    people = JSON.parse(body);
    ctx.status = 204;
  } else if (ctx.path.startsWith("/interaction/")) {
    const { params } = await provider.interactionDetails(ctx.req, ctx.res);
    const result = params.login_hint === "nobody"
      ? { error: "access_denied", error_description: "<b>not today</b>" }
      : { login: { accountId: params.login_hint } };
    ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result));
  } else {
    await next();
  }
});

provider.listen(port, "127.0.0.1", () => console.log(`ready at ${issuer}`));

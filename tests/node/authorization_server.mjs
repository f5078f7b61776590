// An authorization server: node authorization_server.mjs '{"port": 1234, "keys": [JWK, …], "alg": "RS256"}'
// It gives JWT access tokens for any resource that is asked for (RFC 8707, RFC 9068), and says "ready" once it listens.
import { Provider } from "oidc-provider";

const { port, keys, alg } = JSON.parse(process.argv[2]);
const scope = "read write tasks.read tasks.write tokens.write * openid";
const client = (client_id) => ({
  client_id, client_secret: "secret", redirect_uris: [], response_types: [], grant_types: ["client_credentials"], scope,
  id_token_signed_response_alg: alg,
});
const provider = new Provider(`http://127.0.0.1:${port}`, {
  jwks: { keys },
  scopes: scope.split(" "),
  clients: ["agent", "other", "blue"].map(client),
  extraTokenClaims: (_, token) => ({ org: token.clientId === "blue" ? "blue" : "a b" }),
  ttl: { ClientCredentials: 600 },
  enabledJWA: { idTokenSigningAlgValues: ["RS256", "ES256"] },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => "https://elsewhere.example.com",
      getResourceServerInfo: (_, audience) => ({ scope, audience, accessTokenFormat: "jwt", jwt: { sign: { alg } } }),
    },
  },
});
provider.listen(port, "127.0.0.1", () => process.stdout.write("ready\n"));

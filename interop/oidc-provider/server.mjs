// Runs a certified OpenID Provider (npm `oidc-provider`) on loopback, for codegrant's interop tests.
//
//   node server.mjs --port 0 --config '{"clients": [...]}'
//
// One JSON line on stdout says that it answers: {"issuer": "http://127.0.0.1:PORT", "pid": 123}.
// Everything else goes to stderr. It quits when its stdin closes. README.md lists the configuration.

import { generateKeyPair, randomBytes, X509Certificate } from 'node:crypto';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { parseArgs, promisify } from 'node:util';
import Provider from 'oidc-provider';

// Stdout carries the ready line alone; the library's notices use `console.info`.
console.log = console.info = console.error;

// A parent that dies takes its end of the pipe with it, so no provider is ever left behind.
process.stdin.on('end', () => process.exit(0));
process.stdin.on('error', () => process.exit(0));
process.stdin.resume();

// How to make a private key for each signing algorithm that a client may ask for.
const KEY_TYPES = {
  RS256: ['rsa', { modulusLength: 2048 }],
  RS384: ['rsa', { modulusLength: 2048 }],
  RS512: ['rsa', { modulusLength: 2048 }],
  PS256: ['rsa', { modulusLength: 2048 }],
  PS384: ['rsa', { modulusLength: 2048 }],
  PS512: ['rsa', { modulusLength: 2048 }],
  ES256: ['ec', { namedCurve: 'P-256' }],
  ES384: ['ec', { namedCurve: 'P-384' }],
  ES512: ['ec', { namedCurve: 'P-521' }],
  EdDSA: ['ed25519', {}],
  Ed25519: ['ed25519', {}],
};

const ENCRYPTION_ALGS = ['RSA-OAEP', 'RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A256KW'];

const SCOPE_CLAIMS = {
  openid: ['sub'],
  profile: ['name', 'preferred_username'],
  email: ['email', 'email_verified'],
};

// What a configuration may switch on besides the usual, by the library's own names.
const FEATURES = {
  backchannelLogout: () => ({ enabled: true }),
  claimsParameter: () => ({ enabled: true }),
  clientCredentials: () => ({ enabled: true }),
  // A proof without this provider's nonce is refused, everywhere.
  dPoP: () => ({ enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true }),
  encryption: () => ({ enabled: true }),
  fapi: ({ fapi }) => ({ enabled: true, profile: (_ctx, client) => (fapi.has(client?.clientId) ? '2.0' : undefined) }),
  jwtResponseModes: () => ({ enabled: true }),
  jwtUserinfo: () => ({ enabled: true }),
  mTLS: () => ({
    enabled: true,
    certificateBoundAccessTokens: true,
    selfSignedTlsClientAuth: true,
    tlsClientAuth: true,
    getCertificate: shownCertificate,
    certificateAuthorized: (ctx) => ctx.socket.authorized,
    certificateSubjectMatches: (ctx, property, expected) => property === 'tls_client_auth_subject_dn'
      && shownCertificate(ctx).subject === expected,
  }),
  registration: ({ initialAccessToken }) => ({ enabled: true, initialAccessToken }),
  registrationManagement: () => ({ enabled: true, rotateRegistrationAccessToken: true }),
  requestObjects: () => ({ enabled: true }),
  // Wherever it is named, there is an API whose tokens nobody but it can read.
  resourceIndicators: () => ({
    enabled: true,
    defaultResource: (_ctx, _client, oneOf) => oneOf ?? 'https://api.example',
    getResourceServerInfo: () => ({ scope: '', accessTokenFormat: 'opaque' }),
  }),
  // Grants whatever it was asked for: details of the type `payment`.
  richAuthorizationRequests: () => ({
    enabled: true,
    types: { payment: { validate: (_ctx, detail) => check(typeof detail.amount === 'string', 'payment without an amount') } },
    authorizationDetailsForGrantSource: (ctx) => {
      const asked = ctx.oidc.params.authorization_details;
      // A test reads here what arrived.
      console.error(`authorization_details: ${asked}`);
      return asked && JSON.parse(asked);
    },
    authorizationDetailsForAccessToken: (_ctx, _token, source) => source.rar,
    authorizationDetailsForIntrospection: (_ctx, token) => token.rar,
  }),
};

const LOOPBACK_HOST = /^(127\.0\.0\.1|([a-z0-9-]+\.)*localhost)$/;

try {
  const { port, settings } = readArguments(process.argv.slice(2));
  const server = createServer();
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  // The issuer names the port, so the socket must exist before the provider does.
  const issuer = `http://${settings.host}:${server.address().port}`;
  const tls = settings.tls && await listenWithCertificates(settings.tls);
  const provider = await openProvider(issuer, settings, tls && `https://localhost:${tls.address().port}`);
  server.on('request', provider.callback());
  tls?.on('request', provider.callback());
  process.stdout.write(`${JSON.stringify({ issuer, pid: process.pid })}\n`);
} catch (error) {
  console.error(`oidc-provider: ${error.error_description ?? error.message}`);
  process.exit(2);
}

// Reads the port and the settings; refuses members that it does not know, so that a typing error
// cannot turn into a default.
function readArguments(args) {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: 'string', default: process.env.OIDC_PROVIDER_PORT ?? '0' },
      config: { type: 'string', default: process.env.OIDC_PROVIDER_CONFIG ?? '{}' },
    },
  });
  const {
    host = '127.0.0.1',
    clients = [],
    users = {},
    signing_algs = ['RS256'],
    access_token_ttl = 3600,
    rotate_refresh_tokens = true,
    features = [],
    initial_access_token: initialAccessToken = false,
    tls,
    ...unknown
  } = JSON.parse(values.config);

  const port = Number(values.port);
  check(Number.isInteger(port) && port >= 0 && port < 65536, `port ${values.port} is not a port`);
  check(LOOPBACK_HOST.test(host), `host ${host} is not a loopback name`);
  check(Array.isArray(clients) && clients.length > 0, 'clients must list at least one client');
  check(users !== null && typeof users === 'object' && !Array.isArray(users), 'users must be an object keyed by login name');
  check(Array.isArray(signing_algs) && signing_algs.length > 0, 'signing_algs must list at least one algorithm');
  check(new Set(signing_algs).size === signing_algs.length, 'signing_algs must not repeat an algorithm');
  for (const alg of signing_algs) {
    check(Object.hasOwn(KEY_TYPES, alg), `signing_algs: ${alg} is not one of ${Object.keys(KEY_TYPES).join(', ')}`);
  }
  check(Number.isInteger(access_token_ttl) && access_token_ttl > 0, 'access_token_ttl must be a number of seconds above 0');
  check(typeof rotate_refresh_tokens === 'boolean', 'rotate_refresh_tokens must be true or false');
  check(Array.isArray(features), 'features must be a list');
  for (const feature of features) {
    check(Object.hasOwn(FEATURES, feature), `features: ${feature} is not one of ${Object.keys(FEATURES).join(', ')}`);
  }
  check((tls !== undefined) === features.includes('mTLS'), 'tls and the feature mTLS need each other');
  check(Object.keys(unknown).length === 0, `unknown configuration: ${Object.keys(unknown).join(', ')}`);

  return {
    port,
    settings: {
      host, clients, users, signing_algs, access_token_ttl, rotate_refresh_tokens, features, initialAccessToken, tls,
    },
  };
}

// Builds the provider and looks each client up once, because the library judges a client's
// metadata only when the client is first used.
async function openProvider(issuer, settings, tlsOrigin) {
  const eager = new Set();
  const fapi = new Set();
  const clients = settings.clients.map(({ always_issue_refresh_token: always, fapi: underFapi, ...client }) => {
    if (always) {
      eager.add(client.client_id);
    }
    if (underFapi) {
      fapi.add(client.client_id);
    }
    return {
      grant_types: ['authorization_code', 'refresh_token'],
      id_token_signed_response_alg: settings.signing_algs[0],
      ...client,
    };
  });

  const algorithms = settings.signing_algs;
  const hasFeature = (name) => settings.features.includes(name);
  const ways = ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'none'];
  const optional = settings.features.map((name) => [name, FEATURES[name]({ ...settings, fapi })]);
  const provider = new Provider(issuer, {
    claims: SCOPE_CLAIMS,
    scopes: ['openid', 'offline_access'],
    clients,
    jwks: { keys: await Promise.all(algorithms.map(generateKey)) },
    enabledJWA: {
      idTokenSigningAlgValues: algorithms,
      ...(hasFeature('jwtUserinfo') && { userinfoSigningAlgValues: algorithms }),
      ...(hasFeature('jwtResponseModes') && { authorizationSigningAlgValues: algorithms }),
      ...(hasFeature('encryption') && {
        idTokenEncryptionAlgValues: ENCRYPTION_ALGS,
        userinfoEncryptionAlgValues: ENCRYPTION_ALGS,
      }),
    },
    clientAuthMethods: hasFeature('mTLS') ? [...ways, 'tls_client_auth', 'self_signed_tls_client_auth'] : ways,
    // Clients are on loopback, where the library's own dispatcher refuses to go.
    fetch: (url, { dispatcher: _guard, ...options }) => fetch(url, options),
    ...(tlsOrigin && { discovery: { mtls_endpoint_aliases: aliases(tlsOrigin) } }),
    findAccount: (_ctx, login) => account(settings.users, login),
    responseTypes: ['code'],
    pkce: { required: () => true },
    allowOmittingSingleRegisteredRedirectUri: false,
    rotateRefreshToken: settings.rotate_refresh_tokens,
    // The library drops `offline_access` from a request without `prompt=consent`
    // (OpenID Connect Core 1.0, section 11).
    issueRefreshToken: (_ctx, client, source) => client.grantTypeAllowed('refresh_token')
      && (eager.has(client.clientId) || source.scopes.has('offline_access')),
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    features: {
      devInteractions: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      ...Object.fromEntries(optional),
    },
    ttl: {
      AccessToken: settings.access_token_ttl,
      AuthorizationCode: 60,
      Grant: 86400,
      IdToken: 600,
      Interaction: 600,
      RefreshToken: 86400,
      Session: 86400,
    },
  });

  for (const event of ['authorization.error', 'backchannel.error', 'end_session.error', 'grant.error', 'introspection.error', 'pushed_authorization_request.error',
    'registration_create.error', 'revocation.error', 'userinfo.error']) {
    provider.on(event, (_ctx, error) => {
      console.error(`${event}: ${error.message}: ${error.error_description} (${error.error_detail ?? 'no detail'})`);
    });
  }
  provider.on('server_error', (_ctx, error) => console.error(error));

  // A log-out that was told is a line that a test can wait for; so is every registration.
  provider.on('backchannel.success', (_ctx, client) => console.error(`backchannel.success: ${client.clientId}`));
  provider.on('registration_create.success', (_ctx, client) => console.error(`registration_create.success: ${client.clientId}`));

  for (const { client_id: clientId, ...metadata } of clients) {
    const client = await provider.Client.find(clientId);
    const known = client.metadata();
    for (const member of Object.keys(metadata)) {
      check(Object.hasOwn(known, member), `client ${clientId}: unknown member ${member}`);
    }
  }
  return provider;
}

// Opens the socket on which clients show their certificates (RFC 8705 section 5); one that the authority
// did not sign is let through, because it may be registered itself.
async function listenWithCertificates({ certificate, key, authority }) {
  const server = createTlsServer({
    cert: certificate, key, ca: authority, requestCert: true, rejectUnauthorized: false,
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
}

// Returns the addresses below which a client is asked for its certificate.
function aliases(origin) {
  return {
    token_endpoint: `${origin}/token`,
    pushed_authorization_request_endpoint: `${origin}/request`,
    revocation_endpoint: `${origin}/token/revocation`,
    introspection_endpoint: `${origin}/token/introspection`,
    userinfo_endpoint: `${origin}/me`,
  };
}

// Returns the certificate that the client showed on this connection.
function shownCertificate(ctx) {
  const raw = ctx.socket.getPeerCertificate?.().raw;
  return raw && new X509Certificate(raw);
}

// Makes a fresh signing key; its `alg` is stated, so the provider advertises exactly the list.
async function generateKey(alg) {
  const { privateKey } = await promisify(generateKeyPair)(...KEY_TYPES[alg]);
  return { ...privateKey.export({ format: 'jwk' }), alg, use: 'sig' };
}

// Answers for any login name, which is also the subject; only listed users have an e-mail address.
function account(users, login) {
  const listed = Object.hasOwn(users, login) ? users[login] : {};
  return {
    accountId: login,
    claims: () => ({ name: login, preferred_username: login, ...listed, sub: login }),
  };
}

function check(holds, complaint) {
  if (!holds) {
    throw new Error(complaint);
  }
}

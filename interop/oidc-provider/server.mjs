// Runs a certified OpenID Provider (npm `oidc-provider`) on loopback, for codegrant's interop tests.
//
//   node server.mjs --port 0 --config '{"clients": [...]}'
//
// One JSON line on stdout says that it answers: {"issuer": "http://127.0.0.1:PORT", "pid": 123}.
// Everything else goes to stderr. It quits when its stdin closes. README.md lists the configuration.

import { generateKeyPair, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
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

const SCOPE_CLAIMS = {
  openid: ['sub'],
  profile: ['name', 'preferred_username'],
  email: ['email', 'email_verified'],
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
  const provider = await openProvider(issuer, settings);
  server.on('request', provider.callback());
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
  check(Object.keys(unknown).length === 0, `unknown configuration: ${Object.keys(unknown).join(', ')}`);

  return {
    port,
    settings: {
      host, clients, users, signing_algs, access_token_ttl, rotate_refresh_tokens,
    },
  };
}

// Builds the provider and looks each client up once, because the library judges a client's
// metadata only when the client is first used.
async function openProvider(issuer, settings) {
  const eager = new Set();
  const clients = settings.clients.map(({ always_issue_refresh_token: always, ...client }) => {
    if (always) {
      eager.add(client.client_id);
    }
    return {
      grant_types: ['authorization_code', 'refresh_token'],
      id_token_signed_response_alg: settings.signing_algs[0],
      ...client,
    };
  });

  const provider = new Provider(issuer, {
    claims: SCOPE_CLAIMS,
    scopes: ['openid', 'offline_access'],
    clients,
    jwks: { keys: await Promise.all(settings.signing_algs.map(generateKey)) },
    enabledJWA: { idTokenSigningAlgValues: settings.signing_algs },
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

  for (const event of ['authorization.error', 'end_session.error', 'grant.error', 'introspection.error', 'revocation.error', 'userinfo.error']) {
    provider.on(event, (_ctx, error) => {
      console.error(`${event}: ${error.message}: ${error.error_description} (${error.error_detail ?? 'no detail'})`);
    });
  }
  provider.on('server_error', (_ctx, error) => console.error(error));

  for (const { client_id: clientId, ...metadata } of clients) {
    const client = await provider.Client.find(clientId);
    const known = client.metadata();
    for (const member of Object.keys(metadata)) {
      check(Object.hasOwn(known, member), `client ${clientId}: unknown member ${member}`);
    }
  }
  return provider;
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

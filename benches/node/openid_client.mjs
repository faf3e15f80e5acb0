// Express with openid-client and express-session.
//
// After openid-client's examples/oidc.ts; sessions as in its examples/passport.ts: express-session with the
// store that it comes with, which keeps them in memory as JSON. Without Passport, which costs more.
//
// openid-client trusts the TLS connection to the token endpoint and checks no signature of an ID token, unless
// it is told to: MODE=verified does that with enableNonRepudiationChecks.
import express from 'express'
import session from 'express-session'
import * as client from 'openid-client'

const base = `http://127.0.0.1:${process.env.PORT}`
const redirect_uri = `${base}/callback`

// The stub provider is at http.
const execute = [client.allowInsecureRequests]
if (process.env.MODE === 'verified') {
  execute.push(client.enableNonRepudiationChecks)
}
const config = await client.discovery(
  new URL(process.env.ISSUER),
  process.env.CLIENT_ID,
  {
    client_secret: process.env.CLIENT_SECRET,
    id_token_signed_response_alg: process.env.ALGORITHM,
  },
  undefined,
  { execute },
)

const app = express()
app.use(
  session({
    secret: 'a secret of thirty-two characters',
    saveUninitialized: false,
    resave: false,
  }),
)

app.get('/page', (request, response) => {
  const user = request.session.user
  if (user === undefined) {
    response.redirect('/login')
    return
  }
  response.send(`Hello, ${user.name ?? user.sub}`)
})

app.get('/login', async (request, response) => {
  const code_verifier = client.randomPKCECodeVerifier()
  const code_challenge = await client.calculatePKCECodeChallenge(code_verifier)
  const state = client.randomState()
  const nonce = client.randomNonce()
  request.session.login = { code_verifier, state, nonce }
  const target = client.buildAuthorizationUrl(config, {
    redirect_uri,
    scope: 'openid profile email',
    code_challenge,
    code_challenge_method: 'S256',
    state,
    nonce,
  })
  response.redirect(target.href)
})

app.get('/callback', async (request, response) => {
  const { code_verifier, state, nonce } = request.session.login
  const tokens = await client.authorizationCodeGrant(
    config,
    new URL(request.originalUrl, base),
    {
      pkceCodeVerifier: code_verifier,
      expectedState: state,
      expectedNonce: nonce,
      idTokenExpected: true,
    },
  )
  const user = tokens.claims()
  // A new session, so that nobody can have planted the one that is now logged in.
  request.session.regenerate((error) => {
    if (error) {
      throw error
    }
    request.session.user = user
    response.redirect('/page')
  })
})

app.listen(Number(process.env.PORT), '127.0.0.1')

// Express with express-openid-connect: its README's configuration, with the code grant and a page that needs a
// login as in its EXAMPLES.md. The session is its encrypted cookie, with the tokens in it.
//
// It stands on openid-client and does not switch its check of the ID token's signature on.
import express from 'express'
import openid from 'express-openid-connect'

const app = express()
app.use(
  openid.auth({
    authRequired: false,
    issuerBaseURL: process.env.ISSUER,
    baseURL: `http://127.0.0.1:${process.env.PORT}`,
    clientID: process.env.CLIENT_ID,
    clientSecret: process.env.CLIENT_SECRET,
    secret: 'a secret of thirty-two characters',
    idTokenSigningAlg: process.env.ALGORITHM,
    authorizationParams: {
      response_type: 'code',
      scope: 'openid profile email',
    },
    // No word to Auth0 in the requests that are measured.
    enableTelemetry: false,
  }),
)

app.get('/page', openid.requiresAuth(), (request, response) => {
  const user = request.oidc.user
  response.send(`Hello, ${user.name ?? user.sub}`)
})

app.listen(Number(process.env.PORT), '127.0.0.1')

//! The faults that a plain login, a refresh or a revocation can meet.

/// Hands the list on to the one that adds the rest.
macro_rules! faults_of_logins {
    ($next:ident) => {
        $next! {
            // Everywhere.
            /// Every endpoint and page answers with status 503.
            Down = "down",

            // Metadata (OpenID Connect Discovery 1.0).
            /// The metadata names another issuer.
            DiscoveryOtherIssuer = "discovery-other-issuer",
            /// The metadata names the issuer with a trailing slash added.
            DiscoveryTrailingSlash = "discovery-trailing-slash",
            /// The metadata lists a token endpoint on another host by plain http.
            DiscoveryHttpEndpoints = "discovery-http-endpoints",
            /// The metadata is an HTML page with status 200.
            DiscoveryNotJson = "discovery-not-json",
            /// The metadata breaks off in the middle.
            DiscoveryBrokenJson = "discovery-broken-json",
            /// The metadata names `token_endpoint` twice.
            DiscoveryDuplicateMember = "discovery-duplicate-member",
            /// The metadata stands behind a redirect.
            DiscoveryRedirect = "discovery-redirect",
            /// The metadata lacks `jwks_uri`.
            DiscoveryNoKeys = "discovery-no-keys",
            /// The authorization endpoint already has a `state` in its query.
            DiscoveryStateInEndpoint = "discovery-state-in-endpoint",
            /// The metadata offers HS256 alone.
            DiscoveryOtherAlgorithm = "discovery-other-algorithm",
            /// The metadata offers `private_key_jwt` alone.
            DiscoveryOtherAuthentication = "discovery-other-authentication",
            /// There is no userinfo endpoint; a login does without what it would have said.
            NoUserinfoEndpoint = "no-userinfo-endpoint",

            // Keys (RFC 7517).
            /// The key set is an HTML page with status 200.
            JwksNotJson = "jwks-not-json",
            /// The key set has no key.
            JwksEmpty = "jwks-empty",
            /// The key set is an object without `keys`.
            JwksNoKeys = "jwks-no-keys",
            /// The key set stands behind a redirect.
            JwksRedirect = "jwks-redirect",
            /// The key set answers with status 500.
            JwksServerError = "jwks-server-error",

            // The authorization response (RFC 6749 section 4.1.2).
            /// The callback has another state.
            CallbackWrongState = "callback-wrong-state",
            /// The callback has no state.
            CallbackNoState = "callback-no-state",
            /// The callback has two states.
            CallbackDuplicateState = "callback-duplicate-state",
            /// The callback names another issuer (RFC 9207).
            CallbackWrongIss = "callback-wrong-iss",
            /// The callback has no `iss` although the metadata promises it (RFC 9207).
            CallbackNoIss = "callback-no-iss",
            /// The callback has two codes.
            CallbackDuplicateCode = "callback-duplicate-code",
            /// The callback has a code and an error.
            CallbackCodeAndError = "callback-code-and-error",
            /// The callback has neither a code nor an error.
            CallbackNoCode = "callback-no-code",
            /// The callback has an empty code.
            CallbackEmptyCode = "callback-empty-code",
            /// The callback has a code of ten thousand characters.
            CallbackHugeCode = "callback-huge-code",
            /// The callback has tokens where the code should be.
            CallbackTokens = "callback-tokens",
            /// The callback is a JWT (JARM), which nobody asked for.
            CallbackJwt = "callback-jwt",
            /// The callback says `access_denied`.
            CallbackAccessDenied = "callback-access-denied",
            /// The callback says `login_required`.
            CallbackLoginRequired = "callback-login-required",
            /// The callback says `interaction_required`.
            CallbackInteractionRequired = "callback-interaction-required",
            /// The callback says `server_error`.
            CallbackServerError = "callback-server-error",

            // The token endpoint (RFC 6749 section 5).
            /// The token endpoint redirects.
            TokenRedirect = "token-redirect",
            /// The token answer is an HTML page with status 200.
            TokenHtml = "token-html",
            /// The token answer is empty.
            TokenEmptyBody = "token-empty-body",
            /// The token answer breaks off in the middle.
            TokenBrokenJson = "token-broken-json",
            /// The token answer names `access_token` twice.
            TokenDuplicateMember = "token-duplicate-member",
            /// The token answer is form-encoded.
            TokenFormEncoded = "token-form-encoded",
            /// The token answer is a million bytes long.
            HugeTokenBody = "huge-token-body",
            /// The token answer has status 201.
            TokenCreated = "token-created",
            /// The token answer has no access token.
            TokenNoAccessToken = "token-no-access-token",
            /// The token answer has no `token_type`.
            TokenNoTokenType = "token-no-token-type",
            /// The token answer is of type `mac`.
            TokenTypeMac = "token-type-mac",
            /// The token answer writes its type as `dpOp` or `bEARER`, which means the same.
            TokenTypeOtherCase = "token-type-other-case",
            /// The token answer is of type `Bearer`, also where the client has sent a proof (RFC 9449 section 5).
            TokenTypeBearer = "token-type-bearer",
            /// The token answer has no `expires_in`; a login does without.
            TokenNoExpiresIn = "token-no-expires-in",
            /// The token answer has no `scope`, which means that everything was granted.
            TokenNoScope = "token-no-scope",
            /// The token answer writes `expires_in` as a string.
            TokenExpiresInString = "token-expires-in-string",
            /// The token answer writes `scope` as an array.
            TokenScopeArray = "token-scope-array",
            /// The token endpoint answers with status 500 and an HTML page.
            TokenServerError = "token-server-error",
            /// The token endpoint refuses with `invalid_request` and status 200.
            TokenErrorWith200 = "token-error-with-200",
            /// A token is exchanged without `issued_token_type` (RFC 8693 section 2.2.1).
            ExchangeNoIssuedType = "exchange-no-issued-type",
            /// The token endpoint refuses the client.
            TokenInvalidClient = "token-invalid-client",
            /// The token endpoint refuses the grant.
            TokenInvalidGrant = "token-invalid-grant",
            /// The token endpoint refuses and writes what it was sent into `error_description`.
            TokenErrorEchoesRequest = "token-error-echoes-request",

            // Refresh (RFC 6749 section 6).
            /// A refresh is refused with `invalid_grant`.
            RefreshInvalidGrant = "refresh-invalid-grant",
            /// A refresh answers with status 500.
            RefreshServerError = "refresh-server-error",
            /// A refresh brings no new refresh token; the old one stays valid.
            RefreshNoNewToken = "refresh-no-new-token",
            /// A refresh brings no ID token.
            RefreshNoIdToken = "refresh-no-id-token",
            /// A refresh brings the ID token of somebody else.
            RefreshWrongSub = "refresh-wrong-sub",
            /// A refresh brings an ID token of another issuer.
            RefreshWrongIss = "refresh-wrong-iss",
            /// A refresh brings an ID token for another client.
            RefreshWrongAud = "refresh-wrong-aud",
            /// A refresh brings an ID token that another client asked for.
            RefreshWrongAzp = "refresh-wrong-azp",
            /// A refresh brings an ID token that was issued an hour ago.
            RefreshOlderIat = "refresh-older-iat",
            /// A refresh brings an ID token with another nonce; without any is right.
            RefreshWrongNonce = "refresh-wrong-nonce",
            /// A refresh brings an ID token with another `auth_time`.
            RefreshOtherAuthTime = "refresh-other-auth-time",

            // The ID token (OpenID Connect Core 1.0 section 3.1.3.7).
            /// There is no ID token.
            IdTokenMissing = "id-token-missing",
            /// The ID token is no JWT at all.
            IdTokenGarbage = "id-token-garbage",
            /// The ID token has the five parts of an encrypted one.
            IdTokenEncrypted = "id-token-encrypted",
            /// `iss` is another issuer.
            WrongIssuerInIdToken = "wrong-issuer-in-id-token",
            /// There is no `iss`.
            MissingIss = "missing-iss",
            /// There is no `aud`.
            MissingAud = "missing-aud",
            /// There is no `sub`.
            MissingSub = "missing-sub",
            /// `sub` is empty.
            EmptySub = "empty-sub",
            /// `sub` stands twice, with two values.
            DuplicateSub = "duplicate-sub",
            /// `aud` is another client.
            WrongAudience = "wrong-audience",
            /// `aud` names a second, unknown client.
            SecondAudience = "second-audience",
            /// `aud` names a second, unknown client, and there is no `azp`.
            SecondAudienceNoAzp = "second-audience-no-azp",
            /// `aud` is a list of the one client, which means the same.
            AudienceArray = "audience-array",
            /// `azp` is another client.
            WrongAuthorizedParty = "wrong-authorized-party",
            /// There is no `exp`.
            MissingExp = "missing-exp",
            /// `exp` is a string.
            ExpString = "exp-string",
            /// `exp` lies an hour back.
            ExpiredIdToken = "expired-id-token",
            /// `exp` lies six minutes back.
            ExpiredSixMinutes = "expired-six-minutes",
            /// There is no `iat`.
            MissingIat = "missing-iat",
            /// `iat` lies an hour ahead.
            FutureIat = "future-iat",
            /// `iat` lies an hour back, before the login began.
            StaleIat = "stale-iat",
            /// `nbf` lies an hour ahead.
            FutureNbf = "future-nbf",
            /// `nonce` is another one.
            WrongNonce = "wrong-nonce",
            /// There is no `nonce`.
            MissingNonce = "missing-nonce",
            /// There is no `auth_time`, although `max_age` was asked for.
            MissingAuthTime = "missing-auth-time",
            /// `auth_time` lies a day back, whatever `max_age` allows.
            OldAuthTime = "old-auth-time",
            /// There is no `acr`, whatever was asked for.
            NoAcr = "no-acr",
            /// `acr` is another one than was asked for.
            OtherAcr = "other-acr",
            /// There is no `sid`; a login does without.
            NoSid = "no-sid",
            /// `at_hash` belongs to another access token.
            BadAtHash = "bad-at-hash",
            /// The claims are those of a logout token, with `events`.
            LogoutTokenAsIdToken = "logout-token-as-id-token",
            /// `typ` says that it is an access token (`at+jwt`, RFC 9068).
            AccessTokenAsIdToken = "access-token-as-id-token",
            /// `crit` names an extension that nobody knows (RFC 7515 section 4.1.11).
            UnknownCrit = "unknown-crit",
            /// `alg` is `none` and there is no signature.
            AlgNone = "alg-none",
            /// `alg` is HS256, with the published key as the secret.
            AlgHs256 = "alg-hs256",
            /// The signature was made over other claims.
            WrongSignature = "wrong-signature",
            /// Signed by the other published key, with its algorithm.
            OtherPublishedKeyOtherAlg = "other-published-key-other-alg",
            /// Signed with RS256 by a published key, or with PS256 where RS256 is right.
            PublishedRsaKey = "published-rsa-key",
            /// Signed by a key that stands in the header itself (`jwk`), and nowhere else.
            EmbeddedKey = "embedded-key",
            /// `kid` is one that is not published.
            UnknownKid = "unknown-kid",
            /// There is no `kid`; a login tries the keys that fit.
            NoKid = "no-kid",
            /// New keys take the place of all others just before the ID token is signed; a login fetches them.
            KeysReplacedBeforeSigning = "keys-replaced-before-signing",
            /// New keys take the place of all others at each authorization request.
            KeysReplacedAtAuthorization = "keys-replaced-at-authorization",

            // Userinfo (OpenID Connect Core 1.0 section 5.3).
            /// Userinfo speaks of somebody else.
            UserinfoOtherSub = "userinfo-other-sub",
            /// Userinfo has no `sub`.
            UserinfoNoSub = "userinfo-no-sub",
            /// Userinfo has a `sub` that is a number.
            UserinfoSubNumber = "userinfo-sub-number",
            /// Userinfo names `sub` twice.
            UserinfoDuplicateSub = "userinfo-duplicate-sub",
            /// Userinfo writes `email_verified` as a string; the address then counts as claimed.
            UserinfoEmailVerifiedString = "userinfo-email-verified-string",
            /// Userinfo is an HTML page with status 200.
            UserinfoHtml = "userinfo-html",
            /// Userinfo is a signed JWT, which nobody asked for.
            UserinfoJwt = "userinfo-jwt",
            /// Userinfo redirects.
            UserinfoRedirect = "userinfo-redirect",
            /// Userinfo refuses the token that was just issued.
            UserinfoUnauthorized = "userinfo-unauthorized",
            /// Userinfo answers with status 500.
            UserinfoServerError = "userinfo-server-error",

            // Revocation (RFC 7009).
            /// Revocation answers with status 503.
            RevocationServerError = "revocation-server-error",
        }
    };
}

pub(super) use faults_of_logins;

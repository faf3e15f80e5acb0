//! The ways in which a provider can misbehave, by name.

use std::fmt;
use std::str::FromStr;

macro_rules! faults {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// One way in which a provider misbehaves.
        ///
        /// Written and read by its name in kebab case.
        ///
        /// ```
        /// use codegrant_dev_provider::Fault;
        /// assert_eq!("wrong-nonce".parse(), Ok(Fault::WrongNonce));
        /// assert_eq!(Fault::WrongNonce.name(), "wrong-nonce");
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Fault {
            $($(#[$doc])* $variant,)*
        }

        impl Fault {
            /// Lists every fault.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the name.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

faults! {
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
    /// The callback says `server_error`.
    CallbackServerError = "callback-server-error",

    // Signed authorization responses (JARM).
    /// The signed response has no `iss`.
    JarmWithoutIss = "jarm-without-iss",
    /// The signed response is of another issuer.
    JarmWrongIss = "jarm-wrong-iss",
    /// The signed response has no `aud`.
    JarmWithoutAud = "jarm-without-aud",
    /// The signed response is for another client.
    JarmWrongAud = "jarm-wrong-aud",
    /// The signed response has no `exp`.
    JarmWithoutExp = "jarm-without-exp",
    /// The signed response expired an hour ago.
    JarmExpired = "jarm-expired",
    /// The signed response is good for a year.
    JarmLongLived = "jarm-long-lived",
    /// The signature of the signed response was made over other claims.
    JarmWrongSignature = "jarm-wrong-signature",
    /// The signed response is not signed: `alg` is `none`.
    JarmAlgNone = "jarm-alg-none",
    /// The signed response is signed by the other published key, with its algorithm.
    JarmOtherAlgorithm = "jarm-other-algorithm",
    /// Plain parameters stand beside the signed response.
    JarmWithPlainParameters = "jarm-with-plain-parameters",
    /// Plain parameters come in place of the signed response.
    JarmPlainInstead = "jarm-plain-instead",

    // Pushed authorization requests (RFC 9126).
    /// A request is pushed with status 200 and not 201.
    ParStatus200 = "par-status-200",
    /// The answer to a pushed request has no `request_uri`.
    ParNoRequestUri = "par-no-request-uri",
    /// The answer to a pushed request has a `request_uri` that is a number.
    ParRequestUriNumber = "par-request-uri-number",
    /// The answer to a pushed request has an address of a stranger with a line break for `request_uri`.
    ParHostileRequestUri = "par-hostile-request-uri",
    /// The answer to a pushed request has a `request_uri` of two hundred thousand characters.
    ParHugeRequestUri = "par-huge-request-uri",
    /// The answer to a pushed request has no `expires_in`.
    ParNoExpiresIn = "par-no-expires-in",
    /// The answer to a pushed request has an `expires_in` of zero.
    ParZeroExpiresIn = "par-zero-expires-in",
    /// A pushed request is refused with `invalid_request`.
    ParInvalidRequest = "par-invalid-request",
    /// A pushed request is answered with status 500.
    ParServerError = "par-server-error",
    /// A pushed request is answered with an HTML page and status 201.
    ParHtml = "par-html",
    /// A pushed request is answered with a redirect.
    ParRedirect = "par-redirect",

    // Proofs of possession (RFC 9449).
    /// A nonce is asked for again and again, whatever the proof holds.
    DpopNonceForever = "dpop-nonce-forever",
    /// A nonce is asked for and none is given.
    DpopNonceMissing = "dpop-nonce-missing",
    /// Two nonces are given at once.
    DpopNonceTwice = "dpop-nonce-twice",
    /// The nonce is twenty thousand characters long.
    DpopNonceHuge = "dpop-nonce-huge",
    /// The nonce holds spaces, quotes and a backslash.
    DpopNonceOddCharacters = "dpop-nonce-odd-characters",
    /// Resources write the scheme of their challenge as `dPoP`, which means the same.
    DpopSchemeOtherCase = "dpop-scheme-other-case",

    // The API at /api/me.
    /// The API wants a stronger or a fresher sign-in (RFC 9470).
    ApiStepUp = "api-step-up",
    /// The API refuses the token that was just issued.
    ApiUnauthorized = "api-unauthorized",
    /// The API wants another scope, with status 403 (RFC 6750 section 3.1).
    ApiInsufficientScope = "api-insufficient-scope",

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

    // Encryption (RFC 7516), for a client that registered it.
    /// ID token and userinfo are not encrypted although the client registered it.
    NotEncrypted = "not-encrypted",
    /// What is encrypted was encrypted for somebody else.
    EncryptedForAnother = "encrypted-for-another",
    /// The ciphertext was altered on its way.
    EncryptedAltered = "encrypted-altered",

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

    // Signed userinfo (OpenID Connect Core 1.0 section 5.3.2), for a client that registered it.
    /// Userinfo is plain JSON although the client registered a signed answer.
    UserinfoPlain = "userinfo-plain",
    /// Signed userinfo has `alg` `none`.
    UserinfoAlgNone = "userinfo-alg-none",
    /// Signed userinfo is signed by the other published key.
    UserinfoOtherAlg = "userinfo-other-alg",
    /// Signed userinfo has a signature that was made over other claims.
    UserinfoWrongSignature = "userinfo-wrong-signature",
    /// Signed userinfo names another issuer.
    UserinfoWrongIss = "userinfo-wrong-iss",
    /// Signed userinfo is for another client.
    UserinfoWrongAud = "userinfo-wrong-aud",
    /// Signed userinfo names no issuer.
    UserinfoNoIss = "userinfo-no-iss",
    /// Signed userinfo says not for whom it is.
    UserinfoNoAud = "userinfo-no-aud",
    /// Aggregated and distributed claims have a signature that was made over other claims.
    ClaimsOfOthersForged = "claims-of-others-forged",

    // Log-out at the provider (OpenID Connect RP-Initiated Logout 1.0).
    /// After a log-out the app gets another state back.
    LogOutWrongState = "log-out-wrong-state",
    /// After a log-out the app gets no state back.
    LogOutNoState = "log-out-no-state",

    // Logout tokens (OpenID Connect Back-Channel Logout 1.0 section 2.6).
    /// A logout token has `alg` `none` and no signature.
    LogoutTokenAlgNone = "logout-token-alg-none",
    /// A logout token is signed by the other published key, with its algorithm.
    LogoutTokenOtherAlg = "logout-token-other-alg",
    /// A logout token is signed by a key that is not published.
    LogoutTokenForged = "logout-token-forged",
    /// A logout token names another issuer.
    LogoutTokenWrongIss = "logout-token-wrong-iss",
    /// A logout token is for another client.
    LogoutTokenWrongAud = "logout-token-wrong-aud",
    /// A logout token has no `events`.
    LogoutTokenNoEvents = "logout-token-no-events",
    /// A logout token tells of another event.
    LogoutTokenWrongEvent = "logout-token-wrong-event",
    /// A logout token has a number where the event's object should be.
    LogoutTokenEventNotObject = "logout-token-event-not-object",
    /// A logout token has a `nonce`.
    LogoutTokenWithNonce = "logout-token-with-nonce",
    /// A logout token has a `nonce` that is null.
    LogoutTokenNullNonce = "logout-token-null-nonce",
    /// A logout token expired almost an hour ago.
    LogoutTokenExpired = "logout-token-expired",
    /// A logout token was issued an hour ago and has not expired.
    LogoutTokenStale = "logout-token-stale",
    /// A logout token has no `jti`.
    LogoutTokenNoJti = "logout-token-no-jti",
    /// A logout token has no `iat`.
    LogoutTokenNoIat = "logout-token-no-iat",
    /// A logout token has no `exp`.
    LogoutTokenNoExp = "logout-token-no-exp",
    /// A logout token has no `sub`, and is right as long as it has `sid`.
    LogoutTokenNoSub = "logout-token-no-sub",
    /// A logout token has no `sid`, and is right as long as it has `sub`.
    LogoutTokenNoSid = "logout-token-no-sid",
    /// A logout token is in truth an ID token.
    LogoutTokenIsIdToken = "logout-token-is-id-token",
    /// Each logout token is sent twice.
    LogoutTokenTwice = "logout-token-twice",

    // Registration (RFC 7591 and RFC 7592).
    /// Registration is refused with `invalid_client_metadata`.
    RegistrationRefused = "registration-refused",
    /// The answer to a registration has no `client_id`.
    RegistrationNoClientId = "registration-no-client-id",
    /// The answer to a registration has another callback.
    RegistrationOtherRedirectUris = "registration-other-redirect-uris",
    /// The answer to a registration has `token_endpoint_auth_method` `none`.
    RegistrationNoAuthentication = "registration-no-authentication",
    /// The answer to a registration has `id_token_signed_response_alg` `none`.
    RegistrationUnsigned = "registration-unsigned",
    /// The answer to a registration has a client secret that expired an hour ago.
    RegistrationSecretExpired = "registration-secret-expired",
    /// The answer to a registration does not say when the client secret expires.
    RegistrationNoSecretExpiry = "registration-no-secret-expiry",
    /// The answer to a registration does not say where it is managed.
    RegistrationNoManagement = "registration-no-management",
    /// The answer to a registration says that it is managed on another host.
    RegistrationForeignManagement = "registration-foreign-management",

    // WebFinger (RFC 7033).
    /// WebFinger names an issuer of plain http on another host.
    WebfingerHttpIssuer = "webfinger-http-issuer",
    /// WebFinger answers about somebody else.
    WebfingerOtherSubject = "webfinger-other-subject",
    /// WebFinger names no issuer.
    WebfingerNoIssuer = "webfinger-no-issuer",
    /// WebFinger redirects.
    WebfingerRedirect = "webfinger-redirect",
    /// WebFinger is an HTML page with status 200.
    WebfingerNotJson = "webfinger-not-json",

    // Revocation (RFC 7009).
    /// Revocation answers with status 503.
    RevocationServerError = "revocation-server-error",
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Self, UnknownFault> {
        let found = Self::ALL.iter().find(|fault| fault.name() == name);
        found.copied().ok_or_else(|| UnknownFault {
            name: name.to_owned(),
        })
    }
}

/// A name that no fault has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown fault {name:?}")]
pub struct UnknownFault {
    name: String,
}

//! The faults of what is off by itself: only who uses the feature meets them.

/// Adds to the list of the others, and makes the enum of all.
macro_rules! faults_of_features {
    ($($others:tt)*) => {
        faults! {
            $($others)*

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

            // Encryption (RFC 7516), for a client that registered it.
            /// ID token and userinfo are not encrypted although the client registered it.
            NotEncrypted = "not-encrypted",
            /// What is encrypted was encrypted for somebody else.
            EncryptedForAnother = "encrypted-for-another",
            /// The ciphertext was altered on its way.
            EncryptedAltered = "encrypted-altered",

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
        }
    };
}

pub(super) use faults_of_features;

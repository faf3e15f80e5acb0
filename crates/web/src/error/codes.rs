//! The stable names of this layer's errors, with cause and remedy.

codegrant_core::codes! {
    UNREACHABLE = "transport.unreachable",
        "the provider could not be reached: name resolution, a firewall, TLS, or it is down",
        "try the address from this machine; a private certificate authority needs root_certificate";
    TIMEOUT = "transport.timeout",
        "the provider did not answer in time",
        "look at the provider's status page; the user tries again";
    BODY_TOO_LARGE = "transport.too_large",
        "the provider's answer is longer than any answer that makes sense",
        "open the address by hand: it is probably not the endpoint";
    OUT_OF_REACH = "transport.out_of_reach",
        "an address that a provider or a person named leads into a private network, where the one who named it is not",
        "if it is your own provider, list its endpoints in its entry; otherwise treat it as an attack";
    RESTING = "transport.resting",
        "metadata or keys failed moments ago or were asked for too often, so the provider is left alone for seconds; or another request has been fetching them for 30 seconds",
        "look at the error before this one; where there is none, look for a handler that blocks its thread";
    STORE = "store.unavailable",
        "the session store does not work",
        "look at the store; logged-in users are neither logged in nor out until it is back";
    SESSION_TOO_LARGE = "session.too_large",
        "the session does not fit into cookies: many groups, many claims, or long tokens",
        "use a store, for example .store(MemoryStore::new(10_000)), or ask for fewer scopes";
    SESSION_GONE = "session.gone",
        "the session ended while a request was changing it",
        "nothing; the user logs in again";
    ISSUER_CHANGED = "session.issuer_changed",
        "the provider's entry names another issuer than the one that the session's tokens came from",
        "nothing, if that was meant: the tokens are sent nowhere, and the user logs in again";
    ENDED_BY_APP = "session.ended_by_app",
        "the app's on_refresh hook ended a session when its tokens were renewed",
        "nothing, if that was meant; the reason in the line is the app's own";
    SESSION_HOOK_FAILED = "session.hook_failed",
        "the app's on_logout or on_refresh hook returned an error, panicked, or takes longer than ten seconds; nobody was logged in or out by that",
        "look at the reason in the line; where on_logout fails, sessions that the app keeps itself may still be open";
    STEP_UP_REPEATED = "session.step_up_repeated",
        "an API asks for a sign-in that has just taken place, and would go on asking",
        "compare what the API asks for (acr_values, max_age) with what the provider puts into its access tokens";
    UNKNOWN_PROVIDER = "api.unknown_provider",
        "the app asked for something at a provider that is not configured",
        "use the provider's `id`, or its preset's name";
    NO_REFRESH = "session.no_refresh_token",
        "a refresh was asked for and the provider gave no refresh token",
        "ask for offline access in the way the provider's documentation says";
    REFRESH_FAILED = "session.refresh_failed",
        "a refresh failed moments ago, so that the provider is left alone for seconds; it may have been another process",
        "look at the error before this one, under the code in this line; the session stays, and it is tried again";
    REFRESH_IN_DOUBT = "session.refresh_in_doubt",
        "the process that had the refresh token to send was killed, or lost the store: a provider that rotates would take a second use for a theft, so the token is never sent again",
        "nothing, if it is rare: the user logs in again when the access token expires; let processes end in peace (SIGTERM, then time for the requests that run)";
    REFRESH_UNDER_WAY = "session.refresh_under_way",
        "another process, or another thread of this one, is at the refresh of this session's tokens for longer than a request waits",
        "look at how long the provider takes to answer, and for handlers that block their thread; the session stays";
    LOST_UNREADABLE = "callback.transaction_unreadable",
        "the browser brought the login's cookie, but it cannot be opened: another secret, another public origin, or it was cut or altered",
        "use the same secret on all nodes and keep the old one in the list when it is replaced";
    LOST_COOKIES = "callback.cookies_missing",
        "the browser brought no cookie at all: the login began under another host name (localhost against 127.0.0.1, www against none), over http with Secure cookies, or the browser blocks cookies",
        "open the app under its public origin exactly; compare it with the address bar";
    LOST_UNKNOWN = "callback.transaction_unknown",
        "this browser did not begin the login that the callback belongs to, or finished it: a forged link, a bookmark, or the oldest of many open logins",
        "nothing; the user was offered a fresh start";
    USED = "callback.transaction_used",
        "the callback was sent a second time: a double click, a reload, or a copied link",
        "nothing; the code was sent to the provider once only";
    TRANSACTION_TOO_LARGE = "login.too_large",
        "what a login has to remember does not fit into its cookie",
        "send a shorter return_to; ask for fewer acr_values";
    REFUSED = "login.refused",
        "the app's on_login hook said no to an account that the provider vouches for",
        "nothing, if that was meant; the reason in the line is the app's own";
    HOOK_FAILED = "login.hook_failed",
        "the app's on_login hook returned an error or panicked, so that nobody was logged in",
        "look at the reason in the line, and at what the hook asks: a database, the provider's API";
    LINK_SESSION_CHANGED = "link.session_changed",
        "while somebody was at a provider to link an account, this browser was logged out or logged in anew; or a callback of another browser's was brought here",
        "nothing; the code was sent nowhere and nothing was linked";
    LINK_OWN_IDENTITY = "link.own_identity",
        "somebody who links an account signed in at the provider as who they are logged in with here",
        "nothing; there was nothing to link";
    LINK_NOTHING_TO_CONFIRM = "link.nothing_to_confirm",
        "an account was confirmed too late, or by the page of another tab than the last that came back from the provider",
        "nothing; the user starts again";
    LINK_CONFLICT = "link.conflict",
        "the app's on_link hook says that the identity belongs to another account",
        "nothing; it stays there. Whoever owns both accounts removes it from the one first";
    LINK_REFUSED = "link.refused",
        "the app's on_link hook said no",
        "nothing, if that was meant; the reason in the line is the app's own";
    LINK_HOOK_FAILED = "link.hook_failed",
        "the app's on_link hook returned an error or panicked, so that nothing is known to be linked",
        "look at the reason in the line, and at what the hook asks";
    NOT_MOUNTED = "setup.not_mounted",
        "a page asks for the user, and the login was never mounted in the app",
        "do what the line says; the pages of docs/start show where it goes";
    NOT_FOUND = "request.not_found",
        "there is no such endpoint, or no provider of that id",
        "compare the path with the table in docs/frameworks.md; a provider's id is its `id` or its preset's name";
    FORBIDDEN = "request.forbidden",
        "somebody who is logged in has not what the page wants: a scope, a claim, a role, or an acr that their provider cannot give",
        "nothing, if that was meant; otherwise compare both sides: claims and roles are those of the last login";
    METHOD = "request.method_not_allowed",
        "the endpoint takes another method: a log-out by link, or a provider that posts its answer where the client asks for a redirect",
        "log out by a form that posts; set response_mode to what the provider is set to";
    BODY = "request.too_large",
        "the body is longer than 64 KiB, broke off, or did not come within ten seconds",
        "nothing, unless it happens at every login: then report the provider";
    NOT_NAVIGATION = "request.not_a_navigation",
        "the address was loaded by a frame, an image, a script or a prefetch",
        "nothing; if your own page does it, link to it instead";
    WRONG_ISSUER = "request.wrong_issuer",
        "a third party sent a browser to log in at another issuer than the address is for, or named none",
        "nothing, unless it is your provider: then compare `iss` in its link with `issuer` to the byte";
    WRONG_ORIGIN = "request.wrong_origin",
        "a form was sent from another origin, or by something that says no origin",
        "put the form on a page under the public origin; compare it with the address bar";
    ROOT_CERTIFICATE = "configuration.root_certificate",
        "the extra root certificate cannot be read",
        "give a PEM file with one certificate of a certificate authority";
    HTTP_CLIENT = "configuration.http_client",
        "the HTTP client cannot be set up",
        "install the system's root certificates (Debian: ca-certificates)";
    SECRET = "configuration.secret",
        "the secret that seals cookies is missing or too short",
        "set CODEGRANT_SECRET to at least 32 random bytes as text, for example from `openssl rand -hex 32`; give the same to all nodes";
    NO_PROVIDER = "configuration.no_provider",
        "there is no provider to log in with",
        "name at least one";
    SAME_ID = "configuration.provider_twice",
        "two providers have one id, so that they would share a callback (RFC 9700 section 4.4)",
        "give each its own `id`";
    BASE = "configuration.base",
        "the path of the login endpoints is not a plain path",
        "use a path such as /auth, without a slash at its end";
    VARIABLE = "configuration.variable_missing",
        "an environment variable is not set",
        "set it, or give the value in code or in a file";
    FILE = "configuration.file",
        "a file that the configuration names cannot be read",
        "check the path and its permissions";
    KEY = "configuration.key",
        "a private key or certificate of a provider's entry cannot be used",
        "a key: give an unencrypted private key as PEM or JWK, of the kind that its algorithm needs, RSA with 2048 bits or more (`openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256` makes one for ES256); a certificate: give one in PEM that is in force, with the private key that belongs to it";
    SYNTAX = "configuration.syntax",
        "the configuration is not valid TOML, lacks a key, or holds an unknown one",
        "compare the named place with docs/configuration.md";
    DEV = "configuration.dev_on_public_origin",
        "the development provider lets anybody be anybody, works on loopback only, and could not start",
        "use Auth::from_env with a real provider, or http://localhost for development";
    LIFETIME = "configuration.lifetime",
        "a session would end before it begins",
        "give positive numbers of seconds, idle not above absolute";
}

//! The providers of a run: one for each module, side by side on one port, each with the suite's manners.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use codegrant_core::http::{HttpRequest, HttpResponse, Method};
use codegrant_core::jose::{Algorithm, json};
use codegrant_core::oauth2::url::Url;
use codegrant_dev_provider::{Delivery, DevProvider, Fault, Feature, Settings};
use serde_json::{Map, Value};

use super::calls::{self, Call};
use super::certificates::Certificates;
use super::module::{Account, Module, Twist};
use super::variant::Variant;
use super::{client, keys};
use crate::outbox;
use crate::serve::{Loopback, Served, system_time};
use crate::site::reply::attribute;

/// Who signs in everywhere.
const USER: &str = "ada";

/// All providers of a run, listening.
pub(super) struct House {
    _served: Vec<Served>,
}

/// Where the providers of a run are.
struct Place {
    plain: String,
    /// Over TLS, and there where clients show their certificates (RFC 8705 section 5).
    secure: Option<(String, String)>,
    /// Where the app is going to be.
    app: String,
}

/// The provider of one module.
pub(super) struct Op {
    /// As in the suite, with a path and mostly a slash at its end.
    pub(super) issuer: String,
    /// The name of this module's place in the path, and of the client's section in the app.
    pub(super) alias: String,
    /// The issuer below the origin where clients show their certificates.
    certified: Option<String>,
    provider: DevProvider,
    twists: Vec<Twist>,
    log: Mutex<Vec<Call>>,
    /// What the token endpoint answered last.
    tokens: Mutex<Map<String, Value>>,
}

/// What became of the provider of a module: it is there, or why it is not.
pub(super) type Opened = Result<Arc<Op>, String>;

impl House {
    /// Opens a provider for each module, over TLS where it needs that.
    pub(super) fn open(modules: &[Module], app: &str) -> (Self, Vec<Opened>) {
        let bind = || Loopback::bind().expect("a free port on loopback");
        let plain = bind();
        let secure = modules
            .iter()
            .any(Module::is_secure)
            .then(|| [bind(), bind()]);
        let https = |loopback: &Loopback| loopback.origin().replace("http:", "https:");
        let place = Place {
            plain: plain.origin(),
            secure: secure
                .as_ref()
                .map(|[usual, certified]| (https(usual), https(certified))),
            app: app.to_owned(),
        };
        let numbered = modules.iter().enumerate();
        let opened: Vec<Opened> = numbered
            .map(|(number, module)| Op::new(&place, number, module).map(Arc::new))
            .collect();
        let ops: Arc<[Arc<Op>]> = opened.iter().flatten().cloned().collect();
        let respond = move |request: &HttpRequest, certificate: Option<&[u8]>| {
            let meant = ops.iter().find(|op| op.is_meant_by(&request.url));
            meant.map_or_else(
                || HttpResponse::new(404),
                |op| op.handle(request, certificate),
            )
        };
        let mut served = Vec::new();
        for (loopback, is_certified) in secure.into_iter().flatten().zip([false, true]) {
            let shown = Certificates::of_this_run().provider.clone();
            let respond = respond.clone();
            let serving =
                loopback.serve_tls(shown.certificate, shown.key, move |request, certificate| {
                    respond(request, certificate.filter(|_| is_certified))
                });
            served.push(serving.expect("a certificate and its key"));
        }
        served.push(plain.serve(move |request| respond(request, None)));
        (Self { _served: served }, opened)
    }
}

impl Op {
    fn new(place: &Place, number: usize, module: &Module) -> Result<Self, String> {
        if let Some(why) = module.left_out {
            return Err(why.to_owned());
        }
        let alias = format!("m{number}");
        let path = match module.account {
            None => format!("/test/a/{alias}/"),
            // What WebFinger leads to is made up, and ends without a slash.
            Some(_) => format!("/test/a/{alias}/{:08x}", u32::MAX / 3 - std::process::id()),
        };
        let secure = place.secure.as_ref().filter(|_| module.is_secure());
        let origin = secure.map_or(&place.plain, |(usual, _)| usual);
        let issuer = format!("{origin}{path}");
        let certified = secure.map(|(_, certified)| format!("{certified}{path}"));
        let mut settings = settings(&issuer, module)?;
        settings.certificate_base = certified
            .clone()
            .filter(|_| module.variant.has_certificate());
        settings = settings.with_client(client::registration(module, &alias, &place.app));
        let provider = DevProvider::new(settings).map_err(|error| error.to_string())?;
        for name in &module.faults {
            let fault: Result<Fault, _> = name.parse();
            provider.inject(fault.map_err(|_| format!("the provider has no fault {name}"))?);
        }
        Ok(Self {
            issuer,
            alias,
            certified,
            provider,
            twists: module.twists.clone(),
            log: Mutex::default(),
            tokens: Mutex::default(),
        })
    }

    /// Returns every call so far, oldest first.
    pub(super) fn calls(&self) -> Vec<Call> {
        lock(&self.log).clone()
    }

    /// Returns what the provider itself has against what it was sent.
    pub(super) fn violations(&self) -> Vec<String> {
        self.provider.violations()
    }

    /// Returns what the provider asked of the app, with the answers.
    pub(super) fn deliveries(&self) -> Vec<Delivery> {
        self.provider.deliveries()
    }

    /// Returns the ID token that was issued last, as it stood in the answer.
    pub(super) fn last_id_token(&self) -> Option<String> {
        self.last("id_token")
    }

    /// Returns the access token that was issued last.
    pub(super) fn last_access_token(&self) -> Option<String> {
        self.last("access_token")
    }

    fn last(&self, name: &str) -> Option<String> {
        lock(&self.tokens).get(name)?.as_str().map(str::to_owned)
    }

    /// Returns the protected API that ends a module of FAPI 2.0.
    pub(super) fn api(&self, variant: &Variant) -> Option<String> {
        variant.fapi?;
        let base = self
            .certified
            .as_ref()
            .filter(|_| variant.has_certificate());
        let base = base.unwrap_or(&self.issuer);
        Some(format!("{}/api/me", base.trim_end_matches('/')))
    }

    /// Returns the account whose issuer WebFinger finds, where the module has one.
    pub(super) fn account(&self, module: &Module) -> Option<String> {
        let (_, host) = self.issuer.split_once("://")?;
        let (host, _) = host.split_once('/')?;
        let (alias, name) = (&self.alias, module.name);
        Some(match module.account? {
            Account::Acct => format!("acct:{alias}.{name}@{host}"),
            // The suite's own is an address with this very scheme.
            Account::Url => format!("https://{host}/{alias}/{name}"),
        })
    }

    /// Answers a request that came over the wire, or one of the browser.
    pub(super) fn handle(&self, request: &HttpRequest, certificate: Option<&[u8]>) -> HttpResponse {
        let name = calls::name(request.method, &self.path_of(&request.url));
        let place = {
            let mut log = lock(&self.log);
            log.push(Call {
                name: name.clone(),
                request: request.clone(),
                has_certificate: certificate.is_some(),
                status: 0,
            });
            log.len() - 1
        };
        let response = match name.as_str() {
            "authorize" => self.authorize(request),
            _ => self
                .provider
                .handle_with_certificate(request, certificate, system_time()),
        };
        let response = self.twisted(&name, response);
        if let Some(call) = lock(&self.log).get_mut(place) {
            call.status = response.status;
            if response.status == 200 && response.body.starts_with(b"{\"keys\":") {
                // Wherever they stand.
                "keys".clone_into(&mut call.name);
            }
        }
        response
    }

    fn twisted(&self, name: &str, response: HttpResponse) -> HttpResponse {
        if response.status >= 300 || !matches!(name, "metadata" | "oauth-metadata" | "token") {
            return response;
        }
        with_members(response, |members| {
            // The suite's provider revokes nothing.
            members.remove("revocation_endpoint");
            for twist in &self.twists {
                match twist {
                    Twist::Metadata(change) if name != "token" => change(members),
                    Twist::Token(change) if name == "token" => change(members),
                    _ => {}
                }
            }
            if name == "token" {
                lock(&self.tokens).extend(members.clone());
            }
        })
    }

    /// Signs in and allows everything at once, as the suite does: nobody is asked.
    fn authorize(&self, request: &HttpRequest) -> HttpResponse {
        let now = system_time();
        let mut cookies: Vec<String> = request
            .header("cookie")
            .map(str::to_owned)
            .into_iter()
            .collect();
        let mut set = Vec::new();
        let mut page = self.provider.handle(request, now);
        for (path, answer) in [
            ("sign-in", format!("user={USER}")),
            ("consent", "decision=allow".to_owned()),
        ] {
            let Some(interaction) = interaction(&page) else {
                break;
            };
            if path == "sign-in" && page.status != 200 {
                // Already signed in.
                continue;
            }
            take_cookies(&page, &mut cookies, &mut set);
            let base = self.issuer.trim_end_matches('/');
            let mut post = HttpRequest::new(Method::Post, format!("{base}/{path}"));
            post.set_header("content-type", "application/x-www-form-urlencoded");
            post.set_header("cookie", cookies.join("; "));
            post.body = format!("interaction={interaction}&{answer}").into_bytes();
            page = self.provider.handle(&post, now);
        }
        set.into_iter()
            .fold(page, |page, cookie| page.with_header("set-cookie", cookie))
    }

    /// Returns the path below the issuer; another one stays whole.
    fn path_of(&self, url: &str) -> String {
        let path = Url::parse(url)
            .map(|url| url.path().to_owned())
            .unwrap_or_default();
        let own = Url::parse(&self.issuer)
            .map(|url| url.path().to_owned())
            .unwrap_or_default();
        let below = path.strip_prefix(own.trim_end_matches('/'));
        below.map_or_else(|| path.clone(), str::to_owned)
    }

    /// Tells whether a request is this provider's to answer.
    fn is_meant_by(&self, url: &str) -> bool {
        let Ok(url) = Url::parse(url) else {
            return false;
        };
        let is_below = |path: &str, alias: &str| path.split('/').any(|part| part == alias);
        if url.path() == "/.well-known/webfinger" {
            let resource = url.query_pairs().find(|(name, _)| name == "resource");
            let resource = resource
                .map(|(_, resource)| resource.into_owned())
                .unwrap_or_default();
            let named = format!("acct:{}.", self.alias);
            return resource.starts_with(&named) || is_below(&resource, &self.alias);
        }
        is_below(url.path(), &self.alias)
    }
}

/// Sets the development provider up for a module.
fn settings(issuer: &str, module: &Module) -> Result<Settings, String> {
    let algorithm = module.twists.iter().find_map(|twist| match twist {
        Twist::Algorithm(name) => Some(*name),
        _ => None,
    });
    let usual = if module.variant.fapi.is_some() {
        "PS256"
    } else {
        "RS256"
    };
    let algorithm: Result<Algorithm, _> = algorithm.unwrap_or(usual).parse();
    let algorithm = algorithm.map_err(|_| "no such algorithm".to_owned())?;
    let mut settings = Settings::new(issuer, [7; 32]).with_algorithm(algorithm);
    if algorithm.as_str().starts_with(['R', 'P']) {
        settings = settings.with_key_pkcs8(keys::provider_rsa());
    }
    let features = client::features(&module.variant);
    for name in ["mixed-keys"]
        .iter()
        .chain(&features)
        .chain(&module.features)
    {
        let feature: Result<Feature, _> = name.parse();
        let feature = feature.map_err(|_| format!("the provider has no feature {name}"))?;
        settings = settings.with_features([feature]);
    }
    Ok(settings.with_outbox(outbox()))
}

/// Changes the members of a JSON object; anything else stays as it is.
fn with_members(
    mut response: HttpResponse,
    change: impl FnOnce(&mut Map<String, Value>),
) -> HttpResponse {
    if let Ok(mut members) = json::object(&response.body) {
        change(&mut members);
        response.body = Value::Object(members).to_string().into_bytes();
    }
    response
}

/// Finds out what a page of the provider waits for: in its form, or behind its redirect to the next page.
fn interaction(page: &HttpResponse) -> Option<String> {
    let location = page
        .header("location")
        .and_then(|to| to.split_once("/consent?interaction="));
    if let Some((_, id)) = location {
        return Some(id.to_owned());
    }
    let html = String::from_utf8_lossy(&page.body);
    let field = html
        .split("<input")
        .find(|field| field.contains("name=\"interaction\""))?;
    attribute(field, "value")
}

fn take_cookies(page: &HttpResponse, held: &mut Vec<String>, set: &mut Vec<String>) {
    for (_, value) in page.headers.iter().filter(|(name, _)| name == "set-cookie") {
        held.extend(value.split(';').next().map(str::to_owned));
        set.push(value.clone());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

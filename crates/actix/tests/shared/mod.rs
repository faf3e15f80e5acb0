//! A site, somebody who is logged in there, and an app that is asked by values.

#![allow(dead_code, reason = "no test uses all of it")]

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, Error};
use codegrant_actix::User;
use codegrant_testkit::{Site, SwitchedStore};

/// An answer with its body read.
pub(crate) struct Seen {
    pub(crate) status: StatusCode,
    pub(crate) location: String,
    pub(crate) body: String,
}

async fn seen(response: ServiceResponse) -> Seen {
    let location = response.headers().get("location");
    let location = location.map(|location| location.to_str().unwrap().to_owned());
    Seen {
        status: response.status(),
        location: location.unwrap_or_default(),
        body: {
            let body = to_bytes(response.into_body()).await.ok().unwrap();
            String::from_utf8(body.to_vec()).unwrap()
        },
    }
}

/// The cookies of a browser in which Ada is logged in.
pub(crate) async fn ada(site: &Site) -> String {
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let cookies = browser.cookies().iter();
    let pairs: Vec<String> = cookies.map(|c| format!("{}={}", c.name, c.value)).collect();
    pairs.join("; ")
}

/// A site, and the cookies of a browser in which Ada is logged in.
pub(crate) async fn site() -> (Site, String) {
    let site = Site::new();
    let cookies = ada(&site).await;
    (site, cookies)
}

/// A site whose sessions are in a store that can be switched off.
pub(crate) fn stored_site() -> (Site, SwitchedStore) {
    let store = SwitchedStore::new();
    let given = store.clone();
    let site = Site::builder().configure(|auth| auth.store(given)).build();
    (site, store)
}

/// A person who opens a page.
pub(crate) fn asked(target: &str) -> TestRequest {
    let request = TestRequest::with_uri(target);
    request.insert_header(("accept", "text/html"))
}

type Answer = Pin<Box<dyn Future<Output = ServiceResponse<BoxBody>>>>;

/// An app that is asked by values.
pub(crate) struct Served(Box<dyn Fn(TestRequest) -> Answer>);

pub(crate) async fn serve<T, B>(app: App<T>) -> Served
where
    T: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    let app = Rc::new(init_service(app).await);
    Served(Box::new(move |request| {
        let app = app.clone();
        Box::pin(async move {
            let answer = call_service(&*app, request.to_request()).await;
            answer.map_into_boxed_body()
        })
    }))
}

impl Served {
    pub(crate) async fn send(&self, request: TestRequest) -> Seen {
        seen((self.0)(request).await).await
    }

    pub(crate) async fn open(&self, target: &str) -> Seen {
        self.send(asked(target)).await
    }

    pub(crate) async fn open_as(&self, cookies: &str, target: &str) -> Seen {
        self.send(asked(target).insert_header(("cookie", cookies)))
            .await
    }
}

pub(crate) async fn greet(user: User) -> String {
    format!("Hello, {user}!")
}

pub(crate) async fn greet_anybody(user: Option<User>) -> String {
    let name = user.map_or_else(|| "stranger".to_owned(), |user| user.to_string());
    format!("Hello, {name}!")
}

//! Pages without anything random in them, so that they can be compared byte for byte.

use codegrant_web::pages::{ErrorPage, LogOutPage, LoggedOutPage, LoginPage, Page, Pages};

pub(super) struct PlainPages;

impl Pages for PlainPages {
    fn login(&self, page: &LoginPage<'_>) -> Page {
        let urls = page.providers.iter().map(|provider| provider.url);
        let urls = urls.collect::<Vec<_>>().join("\n");
        // Longer than any buffer on the way, and not ASCII.
        Page::new(format!("login ä 日本\n{urls}\n{}", "ø".repeat(100_000)))
    }

    fn error(&self, page: &ErrorPage<'_>) -> Page {
        Page::new(format!(
            "{:?} retry {:?} restart {:?}\r\n\n ",
            page.problem, page.retry, page.restart
        ))
    }

    fn log_out(&self, page: &LogOutPage<'_>) -> Page {
        let policy = "default-src 'none'; style-src 'sha256-AAAA'; frame-ancestors 'none'";
        let text = format!("log out {} {}", page.action, page.return_to);
        Page::with_policy(text, policy.to_owned())
    }

    fn logged_out(&self, page: &LoggedOutPage<'_>) -> Page {
        Page::new(format!("logged out {} {}", page.login, page.home))
    }
}

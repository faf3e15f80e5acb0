//! What a browser got.

use codegrant_web::Login;

use super::visit::Initiator;

/// The answer to one request, before any redirect is followed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Reply {
    /// The address that answered, absolute.
    pub url: String,
    /// The status code.
    pub status: u16,
    /// Header names in lower case with their values, in order.
    pub headers: Vec<(String, String)>,
    /// The body; what is not UTF-8 is replaced.
    pub body: String,
    /// The login that came with the answer, for the app's own middleware; no browser sees it.
    pub login: Option<Login>,
    pub(crate) initiator: Initiator,
}

impl Reply {
    /// Returns the first value of a header, named in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(held, _)| held == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Returns where a redirect leads.
    pub fn location(&self) -> Option<&str> {
        self.header("location")
    }

    /// Returns every `Set-Cookie` value.
    pub fn set_cookies(&self) -> Vec<&str> {
        let set = self.headers.iter().filter(|(name, _)| name == "set-cookie");
        set.map(|(_, value)| value.as_str()).collect()
    }

    /// Returns the path where a page sends the browser by itself, by `<meta http-equiv="refresh">`.
    pub fn refresh(&self) -> Option<String> {
        let (_, rest) = self
            .body
            .split_once("<meta http-equiv=\"refresh\" content=\"0;url=")?;
        Some(unescaped(rest.split_once('"')?.0))
    }

    /// Returns the first form of the page: where it posts, and its hidden fields in order.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use codegrant_testkit::Site;
    /// let page = Site::new().browser().get("/auth/logout?return_to=/bye").await;
    /// let (action, fields) = page.form().unwrap();
    /// assert_eq!(action, "/auth/logout");
    /// assert_eq!(fields, [("return_to".to_owned(), "/bye".to_owned())]);
    /// # }
    /// ```
    pub fn form(&self) -> Option<(String, Vec<(String, String)>)> {
        let (_, rest) = self.body.split_once("<form")?;
        let (form, _) = rest.split_once("</form>")?;
        let (tag, inside) = form.split_once('>')?;
        let action = attribute(tag, "action")?;
        let inputs = inside.split("<input").skip(1);
        let fields = inputs.filter_map(|input| {
            let (tag, _) = input.split_once('>')?;
            let hidden = attribute(tag, "type").as_deref() == Some("hidden");
            let value = || attribute(tag, "value").unwrap_or_default();
            hidden.then(|| Some((attribute(tag, "name")?, value())))?
        });
        Some((action, fields.collect()))
    }
}

/// Reads an attribute in double quotes.
pub(crate) fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    Some(unescaped(rest.split_once('"')?.0))
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

//! The W3C WebDriver protocol, as much of it as the suite uses: JSON over plain HTTP to chromedriver.
//!
//! The client crates that exist bring licences, or second copies of large libraries, that the rest of this
//! project has no need for; the protocol itself is a dozen requests.

use serde_json::{Value, json};

use super::plain_http;

/// The key under which an element's reference stands (WebDriver section 12).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// One browser window under the driver's control; dropping it closes the browser.
pub(super) struct Session {
    url: String,
}

/// An element of the page that is shown just now.
pub(super) struct Element(String);

/// What the driver refuses: its error code (WebDriver section 6.6) and its words.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) error: String,
    message: String,
}

impl Session {
    /// Opens a browser with these capabilities.
    pub(super) fn open(driver: &str, capabilities: &Value) -> Result<Self, Refusal> {
        let wanted = json!({ "capabilities": { "alwaysMatch": capabilities } });
        let opened = call("POST", &format!("{driver}/session"), &wanted)?;
        let id = opened["sessionId"].as_str().unwrap_or_default();
        Ok(Self {
            url: format!("{driver}/session/{id}"),
        })
    }

    /// Sends a command without parameters that changes nothing.
    pub(super) fn get(&self, command: &str) -> Result<Value, Refusal> {
        call("GET", &format!("{}/{command}", self.url), &Value::Null)
    }

    /// Sends a command.
    pub(super) fn post(&self, command: &str, parameters: &Value) -> Result<Value, Refusal> {
        call("POST", &format!("{}/{command}", self.url), parameters)
    }

    /// Finds an element by XPath, waiting as long as the session's implicit timeout allows.
    pub(super) fn find(&self, xpath: &str) -> Result<Element, Refusal> {
        let found = self.post("element", &json!({ "using": "xpath", "value": xpath }))?;
        Ok(Element(
            found[ELEMENT].as_str().unwrap_or_default().to_owned(),
        ))
    }

    /// Clicks on an element, and waits for the page that this leads to.
    pub(super) fn click(&self, Element(id): &Element) -> Result<Value, Refusal> {
        self.post(&format!("element/{id}/click"), &json!({}))
    }

    /// Types into an element.
    pub(super) fn type_into(&self, Element(id): &Element, text: &str) -> Result<Value, Refusal> {
        self.post(&format!("element/{id}/value"), &json!({ "text": text }))
    }

    /// Goes into a frame.
    pub(super) fn enter(&self, Element(id): &Element) -> Result<Value, Refusal> {
        self.post("frame", &json!({ "id": { ELEMENT: id } }))
    }

    /// Returns the text of an element as it is shown.
    pub(super) fn text_of(&self, Element(id): &Element) -> Result<String, Refusal> {
        let text = self.get(&format!("element/{id}/text"))?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Sends a command of the DevTools protocol, which only Chromium knows.
    pub(super) fn devtools(&self, command: &str, parameters: &Value) -> Result<Value, Refusal> {
        self.post(
            "goog/cdp/execute",
            &json!({ "cmd": command, "params": parameters }),
        )
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _closed = call("DELETE", &self.url, &Value::Null);
    }
}

impl Refusal {
    /// Tells whether another page has just come between finding an element and using it.
    pub(super) fn is_of_a_passing_page(&self) -> bool {
        self.error == "stale element reference" || self.error == "element click intercepted"
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.error, self.message)
    }
}

fn call(method: &str, url: &str, parameters: &Value) -> Result<Value, Refusal> {
    let body = match parameters {
        Value::Null => String::new(),
        parameters => parameters.to_string(),
    };
    let headers = [("content-type", "application/json; charset=utf-8")];
    let response =
        plain_http::send(method, url, &headers, body.as_bytes()).map_err(|error| Refusal {
            error: "no answer from the driver".to_owned(),
            message: error.to_string(),
        })?;
    let mut answer: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let value = answer["value"].take();
    if response.status == 200 {
        return Ok(value);
    }
    let text = |name: &str| value[name].as_str().unwrap_or_default();
    Err(Refusal {
        error: text("error").to_owned(),
        // The rest is a stack trace of the driver.
        message: text("message")
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned(),
    })
}

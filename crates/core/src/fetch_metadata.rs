//! Who made the browser send this request, as the browser itself tells (Fetch Metadata Request Headers).

/// What a browser says about where a request comes from; every part is absent in old browsers.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct FetchMetadata<'a> {
    /// `Sec-Fetch-Site`: how the initiator's site relates to ours.
    pub site: Option<&'a str>,
    /// `Sec-Fetch-Mode`: a navigation or a fetch.
    pub mode: Option<&'a str>,
    /// `Sec-Fetch-Dest`: a page, a frame, an image.
    pub destination: Option<&'a str>,
    /// `Sec-Purpose` or `Purpose`: a prefetch.
    pub purpose: Option<&'a str>,
    /// `Origin`.
    pub origin: Option<&'a str>,
}

impl FetchMetadata<'_> {
    /// Tells whether this may be a person who opens a page in a tab: no frame, image, script or
    /// prefetch. True where the browser says nothing.
    pub fn is_navigation(&self) -> bool {
        self.mode.is_none_or(|mode| mode == "navigate")
            && self
                .destination
                .is_none_or(|destination| destination == "document")
            && self
                .purpose
                .is_none_or(|purpose| !purpose.contains("prefetch"))
    }

    /// Tells whether a page of this very origin sent it. False where the browser says nothing: a change
    /// of state needs a witness.
    ///
    /// A page with the policy `no-referrer` sends `Origin: null` even to itself; `Sec-Fetch-Site` then
    /// decides, which no page can forge.
    pub fn is_same_origin(&self, public_origin: &str) -> bool {
        match (self.site, self.origin) {
            (Some("same-origin"), None | Some("null")) => true,
            (Some("same-origin") | None, Some(origin)) => origin == public_origin,
            _ => false,
        }
    }
}

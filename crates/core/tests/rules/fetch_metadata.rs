//! Who made the browser send a request, as the browser tells (Fetch Metadata Request Headers).

use codegrant_core::FetchMetadata;

fn said(set: impl FnOnce(&mut FetchMetadata<'static>)) -> FetchMetadata<'static> {
    let mut said = FetchMetadata::default();
    set(&mut said);
    said
}

#[test]
fn only_a_page_in_a_tab_is_a_navigation() {
    assert!(
        FetchMetadata::default().is_navigation(),
        "an old browser says nothing"
    );
    let tab = |mode, destination| {
        said(|said| {
            said.mode = Some(mode);
            said.destination = Some(destination);
        })
        .is_navigation()
    };
    assert!(tab("navigate", "document"));
    for (mode, destination) in [
        ("navigate", "iframe"),
        ("navigate", "frame"),
        ("navigate", "embed"),
        ("navigate", "object"),
        ("no-cors", "image"),
        ("no-cors", "script"),
        ("cors", "empty"),
        ("cors", "document"),
        ("same-origin", "empty"),
        ("websocket", "websocket"),
        ("nested-navigate", "document"),
        ("Navigate", "document"),
        ("", ""),
    ] {
        assert!(!tab(mode, destination), "{mode} {destination}");
    }
}

#[test]
fn a_prefetch_is_no_navigation() {
    for purpose in [
        "prefetch",
        "prefetch;prerender",
        "prefetch;anonymous-client-ip",
        "x, prefetch",
    ] {
        let prefetch = said(|said| {
            said.mode = Some("navigate");
            said.destination = Some("document");
            said.purpose = Some(purpose);
        });
        assert!(!prefetch.is_navigation(), "{purpose}");
    }
}

#[test]
fn a_change_of_state_needs_a_witness_for_its_origin() {
    let ours = "https://app.example";
    let same = |site, origin| {
        said(|said| {
            said.site = site;
            said.origin = origin;
        })
        .is_same_origin(ours)
    };
    assert!(same(Some("same-origin"), Some(ours)));
    assert!(same(Some("same-origin"), None));
    assert!(same(None, Some(ours)));
    // A page without referrer sends `null` even to itself; no page can forge the other header.
    assert!(same(Some("same-origin"), Some("null")));
    assert!(!same(None, Some("null")));
    assert!(!same(None, None), "nobody vouches");
    for site in ["same-site", "cross-site", "none", "", "Same-Origin"] {
        assert!(!same(Some(site), None), "{site}");
        assert!(!same(Some(site), Some(ours)), "{site}");
        assert!(!same(Some(site), Some("null")), "{site}");
    }
    for origin in [
        "",
        "https://app.example/",
        "https://app.example:443",
        "http://app.example",
        "https://APP.example",
        "https://app.example.evil.example",
        "https://evil.example",
    ] {
        assert!(!same(Some("same-origin"), Some(origin)), "{origin}");
        assert!(!same(None, Some(origin)), "{origin}");
    }
}

//! Holds `docs/configuration.md` to what is read: its examples work, and no key is missing.

use codegrant_web::AuthBuilder;
use tour::Configuration;

const DOCUMENT: &str = include_str!("../../../docs/configuration.md");

const PROVIDER: &str =
    "[[provider]]\npreset = \"github\"\nclient_id = \"an id\"\nclient_secret = \"a secret\"\n";

/// Returns the examples, each made a whole file.
fn examples() -> Vec<String> {
    let blocks = DOCUMENT.split("```toml\n").skip(1);
    let blocks = blocks.map(|rest| rest.split_once("```").expect("a block ends").0);
    let whole = |block: &str| {
        let origin = if block.contains("public_origin") {
            ""
        } else {
            "public_origin = \"http://localhost:3000\"\n"
        };
        let provider = if block.contains("[[provider]]") || block.contains("dev_provider") {
            ""
        } else {
            PROVIDER
        };
        format!("{origin}{block}\n{provider}")
    };
    blocks.map(whole).collect()
}

/// Returns what the login says about a text, in words.
fn mistakes(text: &str) -> Vec<(String, String)> {
    let built = Configuration::parse(text)
        .expect("the tour's own keys are right")
        .builder()
        .and_then(AuthBuilder::build);
    match built {
        Ok(_) => Vec::new(),
        Err(errors) => {
            let mistakes = errors.mistakes().iter();
            let told =
                mistakes.map(|mistake| (mistake.code().name.to_owned(), mistake.to_string()));
            told.collect()
        }
    }
}

#[test]
fn every_example_is_read_without_a_mistake() {
    let examples = examples();
    assert!(examples.len() > 10, "{} examples", examples.len());
    for example in examples {
        // The files that examples name are on the reader's machine and not on this one. What they would
        // hold is then missing as well.
        let names_files = example.contains("_file = ") || example.contains("root_certificate = ");
        let mistakes: Vec<_> = mistakes(&example)
            .into_iter()
            .filter(|(code, _)| {
                let absent = ["configuration.file", "configuration.secret"];
                !(names_files && absent.contains(&code.as_str()))
            })
            .collect();
        assert!(mistakes.is_empty(), "{mistakes:?} in\n{example}");
    }
}

/// Returns the keys that are known where `text` holds an unknown one: the error lists them.
fn known_keys(text: &str) -> Vec<String> {
    let told = match Configuration::parse(text) {
        Err(error) => error.to_string(),
        Ok(_) => mistakes(text).remove(0).1,
    };
    let listed = told.split_once("expected").expect(&told).1;
    let keys = listed.split('`').skip(1).step_by(2);
    keys.map(str::to_owned).collect()
}

#[test]
fn every_key_is_documented() {
    let root = known_keys(&format!(
        "unknown = 1\npublic_origin = \"http://localhost\"\n{PROVIDER}"
    ));
    let session = known_keys("public_origin = \"x\"\n[session]\nunknown = 1");
    let api = known_keys("[api]\nunknown = 1");
    let provider = known_keys(&format!("public_origin = \"x\"\n{PROVIDER}unknown = 1"));
    let in_provider = |table: &str| {
        known_keys(&format!(
            "public_origin = \"x\"\n{PROVIDER}{table} = {{ unknown = 1 }}"
        ))
    };
    let lists = [
        (root, 9),
        (session, 4),
        (api, 2),
        (provider, 50),
        (in_provider("user"), 6),
        (in_provider("endpoints"), 4),
    ];
    for (keys, at_least) in lists {
        assert!(keys.len() >= at_least, "{keys:?}");
        for key in keys {
            let plain = format!("`{key}`");
            let under_api = format!("`api.{key}`");
            let documented = DOCUMENT.contains(&plain) || DOCUMENT.contains(&under_api);
            assert!(documented, "{key} is not documented");
        }
    }
}

#[test]
fn every_choice_is_documented() {
    for key in [
        "authentication",
        "email_trust",
        "quirks",
        "algorithm",
        "response_mode",
        "profile",
        "request_object",
        "metadata",
    ] {
        let value = if key == "quirks" {
            "[\"unknown\"]"
        } else {
            "\"unknown\""
        };
        let text = format!("public_origin = \"x\"\n{PROVIDER}{key} = {value}");
        let told = mistakes(&text).remove(0).1;
        assert!(told.contains("unknown"), "{told}");
        let listed = told.split_once("expected").map_or("", |(_, listed)| listed);
        for choice in listed.split('`').skip(1).step_by(2) {
            assert!(
                DOCUMENT.contains(choice),
                "{choice} of {key} is not documented"
            );
        }
    }
}

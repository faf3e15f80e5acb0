//! Hands what the fuzzer invents to the target that `CODEGRANT_FUZZ_TARGET` names.
#![no_main]

use std::sync::OnceLock;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    static TARGET: OnceLock<String> = OnceLock::new();
    let target = TARGET.get_or_init(|| {
        std::env::var("CODEGRANT_FUZZ_TARGET").expect("CODEGRANT_FUZZ_TARGET names a target")
    });
    codegrant_testkit::fuzz::run(target, input);
});

//! The one style sheet of the built-in pages.
//!
//! A string here and not a file of its own: the policy allows it by its hash, browsers read line ends as
//! LF, and the compiler turns whatever a checkout made of them into LF too.

/// The style sheet: light and dark, narrow and wide, all contrasts at least those of WCAG 2.2 level AA.
pub(super) const STYLE: &str = r#"
:root {
  color-scheme: light dark;
  --ground: #f3f4f7; --card: #ffffff; --edge: #dfe2e8; --line: #858d9c;
  --text: #191d26; --quiet: #545c6b; --soft: #e8edf8; --softer: #f4f6fb;
  --accent: #2754c5; --accent-strong: #1d43a3; --on-accent: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #101319; --card: #191d25; --edge: #2a303c; --line: #737d90;
    --text: #eceff4; --quiet: #a9b2c1; --soft: #28324a; --softer: #222834;
    --accent: #9dbbff; --accent-strong: #bdd1ff; --on-accent: #0d1a38;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; min-height: 100svh; padding: 1.25rem;
  display: grid; place-items: center;
  background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main {
  width: 100%; max-width: 26rem; padding: 2.25rem 2rem;
  background: var(--card); border: 1px solid var(--edge); border-radius: 1rem;
  box-shadow: 0 1px 2px rgb(0 0 0 / 5%), 0 12px 32px rgb(0 0 0 / 7%);
  text-align: center; overflow-wrap: anywhere;
}
h1 { margin: 0 0 .5rem; font-size: 1.5rem; line-height: 1.25; font-weight: 650; text-wrap: balance; }
p { margin: 0; color: var(--quiet); text-wrap: balance; }
ul { margin: 1.5rem 0 0; padding: 0; list-style: none; display: grid; gap: .75rem; }
a { color: var(--accent); text-underline-offset: .2em; border-radius: .25rem; }
.icon {
  display: block; width: 3rem; height: 3rem; margin: 0 auto 1.25rem; padding: .6875rem;
  border-radius: 50%; background: var(--soft);
  fill: none; stroke: var(--accent); stroke-width: 2; stroke-linecap: round; stroke-linejoin: round;
}
.actions { display: grid; gap: .75rem; margin: 1.75rem 0 0; }
.button {
  display: flex; align-items: center; justify-content: center; gap: .75rem;
  width: 100%; min-height: 3rem; padding: .625rem 1rem;
  font: inherit; font-weight: 600; text-decoration: none; cursor: pointer;
  color: var(--text); background: var(--card); border: 1px solid var(--line); border-radius: .625rem;
}
.button:hover { background: var(--softer); border-color: var(--accent); }
.button.primary { color: var(--on-accent); background: var(--accent); border-color: var(--accent); }
.button.primary:hover { background: var(--accent-strong); border-color: var(--accent-strong); }
.provider { justify-content: flex-start; text-align: start; }
.initial { flex: none; width: 2rem; height: 2rem; }
.initial circle { fill: var(--soft); }
.initial text {
  fill: var(--accent); font-size: 15px; font-weight: 700; text-anchor: middle; dominant-baseline: central;
}
.sessions li {
  display: flex; flex-wrap: wrap; align-items: center; gap: .75rem; padding: .75rem .875rem; text-align: start;
  border: 1px solid var(--edge); border-radius: .625rem;
}
.sessions div { flex: 1 1 11rem; min-width: 0; }
.sessions small { display: block; color: var(--quiet); font-size: .875rem; }
.sessions .button { width: auto; min-height: 2.75rem; padding: .5rem .875rem; white-space: nowrap; }
dl { margin: 1.5rem 0 0; display: grid; gap: .25rem; text-align: start; }
dt { color: var(--quiet); font-size: .875rem; }
dd {
  margin: 0 0 .5rem; padding: .75rem 1rem; line-height: 1.4;
  border: 1px solid var(--edge); border-radius: .625rem; background: var(--softer);
}
dd span { color: var(--quiet); font-size: .875rem; }
.next { margin-top: .75rem; }
.note { margin-top: 1.5rem; font-size: .875rem; }
.back { margin-top: .75rem; }
.back a { display: inline-block; padding: .625rem; }
code {
  display: block; margin-top: .25rem; color: var(--text); user-select: all;
  font: .875rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
}
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
@media (prefers-reduced-motion: no-preference) {
  .button { transition: background-color .15s, border-color .15s; }
}
@media (max-width: 30rem) {
  body { padding: .75rem; }
  main { padding: 1.75rem 1.25rem; }
}
"#;

#[cfg(test)]
mod tests {
    use super::super::tests::between;
    use super::*;

    #[test]
    fn colours_are_told_apart_by_everybody() {
        let schemes: Vec<&str> = between(STYLE, ":root {", "}");
        assert_eq!(schemes.len(), 2, "light and dark");
        for scheme in schemes {
            let luminance = |name: &str| {
                let value = between(scheme, &format!("--{name}: #"), ";")[0];
                relative_luminance(value)
            };
            // WCAG 2.2 success criteria 1.4.3 (text, 4.5) and 1.4.11 (borders and focus, 3).
            for (front, back, least) in [
                ("text", "card", 4.5),
                ("text", "softer", 4.5),
                ("quiet", "card", 4.5),
                ("accent", "card", 4.5),
                ("accent", "soft", 4.5),
                ("on-accent", "accent", 4.5),
                ("on-accent", "accent-strong", 4.5),
                ("line", "card", 3.0),
            ] {
                let (a, b) = (luminance(front), luminance(back));
                let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
                assert!(contrast >= least, "{front} on {back}: {contrast:.2}");
            }
        }
    }

    /// WCAG 2.2, "relative luminance", of six hexadecimal digits.
    fn relative_luminance(hex: &str) -> f64 {
        [(0, 0.2126), (2, 0.7152), (4, 0.0722)]
            .map(|(at, weight)| {
                let part = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
                let linear = if part <= 0.04045 {
                    part / 12.92
                } else {
                    ((part + 0.055) / 1.055).powf(2.4)
                };
                weight * linear
            })
            .iter()
            .sum()
    }
}

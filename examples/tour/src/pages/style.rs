//! The one style sheet of the tour: the look of the login's own pages, on a wider sheet.
//!
//! A string here and not a file of its own: the policy allows it by its hash, and the compiler turns
//! whatever a checkout made of its line ends into LF, as browsers do.

/// The style sheet: light and dark, narrow and wide, all contrasts at least those of WCAG 2.2 level AA.
pub(super) const STYLE: &str = r#"
:root {
  color-scheme: light dark;
  --ground: #f3f4f7; --card: #ffffff; --edge: #dfe2e8; --line: #858d9c;
  --text: #191d26; --quiet: #545c6b; --soft: #e8edf8; --softer: #f4f6fb;
  --accent: #2754c5; --accent-strong: #1d43a3; --on-accent: #ffffff;
  --good: #1b6b3a; --good-soft: #e2f3e8; --warn: #7a4f00; --warn-soft: #fbeccb; --bad: #a3161f; --bad-soft: #fbe6e6;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #101319; --card: #191d25; --edge: #2a303c; --line: #737d90;
    --text: #eceff4; --quiet: #a9b2c1; --soft: #28324a; --softer: #222834;
    --accent: #9dbbff; --accent-strong: #bdd1ff; --on-accent: #0d1a38;
    --good: #8fdcab; --good-soft: #163524; --warn: #f0cf86; --warn-soft: #3a2d10; --bad: #ffa3a3; --bad-soft: #43191c;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; min-height: 100vh; min-height: 100svh; display: flex; flex-direction: column;
  background: var(--ground); color: var(--text); overflow-wrap: anywhere;
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
header { background: var(--card); border-bottom: 1px solid var(--edge); }
.bar, main, footer { width: 100%; max-width: 62rem; margin: 0 auto; padding-inline: 1.25rem; }
.bar { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1.5rem; min-height: 3.75rem; padding-block: .5rem; }
.brand { font-weight: 700; color: var(--text); text-decoration: none; letter-spacing: -.01em; }
.brand span { color: var(--accent); }
nav { display: flex; flex-wrap: wrap; gap: .25rem; }
nav a { padding: .375rem .75rem; border-radius: .5rem; color: var(--quiet); text-decoration: none; font-weight: 550; }
nav a:hover { background: var(--softer); color: var(--text); }
nav a[aria-current] { background: var(--soft); color: var(--accent); }
.person { margin-inline-start: auto; display: flex; align-items: center; gap: .75rem; }
.who { max-width: 14rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-weight: 550; }
main { flex: 1; padding-block: 2.5rem 2rem; display: grid; gap: 1.5rem; align-content: start; grid-template-columns: minmax(0, 1fr); }
footer { padding-block: 1.25rem 2rem; color: var(--quiet); font-size: .875rem; }
h1 { margin: 0 0 .5rem; font-size: 2rem; line-height: 1.2; font-weight: 680; letter-spacing: -.02em; text-wrap: balance; }
h2 { margin: 0 0 .375rem; font-size: 1.1875rem; line-height: 1.35; font-weight: 650; }
h3 { margin: 0; font-size: 1rem; font-weight: 650; }
p { margin: 0; }
p + p { margin-top: .75rem; }
a { color: var(--accent); text-underline-offset: .2em; border-radius: .25rem; }
.lead { color: var(--quiet); font-size: 1.0625rem; max-width: 44rem; }
.quiet, .note { color: var(--quiet); }
.note { font-size: .9375rem; margin-top: 1rem; }
.card {
  padding: 1.5rem; background: var(--card); border: 1px solid var(--edge); border-radius: 1rem;
  box-shadow: 0 1px 2px rgb(0 0 0 / 4%), 0 6px 20px rgb(0 0 0 / 4%);
}
.person-card { display: flex; align-items: center; gap: 1.25rem; }
.initial { flex: none; width: 3.5rem; height: 3.5rem; }
.initial circle { fill: var(--soft); }
.initial text { fill: var(--accent); font-size: 15px; font-weight: 700; text-anchor: middle; dominant-baseline: central; }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.25rem; }
.actions.row { margin-top: 0; }
.button {
  display: inline-flex; align-items: center; justify-content: center; min-height: 2.75rem; padding: .5rem 1.125rem;
  font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer;
  color: var(--text); background: var(--card); border: 1px solid var(--line); border-radius: .625rem;
}
.button:hover { background: var(--softer); border-color: var(--accent); }
.button.primary { color: var(--on-accent); background: var(--accent); border-color: var(--accent); }
.button.primary:hover { background: var(--accent-strong); border-color: var(--accent-strong); }
.button.small { min-height: 2.25rem; padding: .25rem .875rem; font-size: .9375rem; }
.badge {
  display: inline-block; padding: .0625rem .5rem; border-radius: 1rem; font-size: .8125rem; font-weight: 600; line-height: 1.5;
  background: var(--soft); color: var(--accent); vertical-align: .0625rem;
}
.badge.good { background: var(--good-soft); color: var(--good); }
.badge.warn { background: var(--warn-soft); color: var(--warn); }
.badge.bad { background: var(--bad-soft); color: var(--bad); }
code, pre { font: .875em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { margin: .75rem 0 0; padding: .875rem 1rem; background: var(--softer); border: 1px solid var(--edge); border-radius: .625rem; white-space: pre-wrap; }
pre code { font-size: 1em; }
dl { display: grid; grid-template-columns: 11rem minmax(0, 1fr); gap: .625rem 1.25rem; margin: 1rem 0 0; }
dt { color: var(--quiet); }
dd { margin: 0; }
.two { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1rem; margin-top: 1rem; align-items: start; }
table { width: 100%; margin-top: .75rem; border-collapse: collapse; font-size: .9375rem; }
caption { text-align: start; padding-bottom: .25rem; color: var(--quiet); font-size: .8125rem; font-weight: 600; }
th, td { padding: .375rem .5rem; border-top: 1px solid var(--edge); text-align: start; vertical-align: top; }
th { width: 14rem; padding-inline-start: 0; font-weight: 550; }
.two th { width: 45%; }
.two h3 + .quiet { font-size: .9375rem; }
.path { margin: .75rem 0 0; padding: 0 0 0 1.5rem; color: var(--quiet); display: grid; gap: .375rem; }
.path strong { color: var(--text); font-weight: 600; }
.path li::marker { color: var(--accent); font-weight: 650; }
.strip { margin: 1.25rem 0 0; padding: 0; list-style: none; display: grid; grid-template-columns: repeat(5, minmax(0, 1fr)); gap: .75rem; }
.strip li { padding-top: .75rem; border-top: 3px solid var(--accent); display: grid; gap: .25rem; align-content: start; }
.strip li.failed { border-color: var(--bad); }
.strip li.waiting { border-color: var(--warn); }
.strip li.ahead, .strip li.unseen { border-color: var(--edge); }
.strip a { display: flex; align-items: center; gap: .5rem; color: var(--text); text-decoration: none; font-weight: 600; }
.strip a:hover { text-decoration: underline; }
.strip .number { flex: none; width: 1.5rem; height: 1.5rem; font-size: .8125rem; }
.strip .took { color: var(--quiet); font-weight: 500; }
.steps { margin: 0; padding: 0; list-style: none; display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr); }
.step { display: grid; grid-template-columns: 2.5rem minmax(0, 1fr); gap: 1rem; position: relative; }
.step:not(:last-child)::before {
  content: ""; position: absolute; left: 1.1875rem; top: 2.5rem; bottom: -1rem; width: 2px; background: var(--edge);
}
.number {
  width: 2.5rem; height: 2.5rem; border-radius: 50%; display: grid; place-items: center; font-weight: 700; position: relative;
  background: var(--accent); color: var(--on-accent);
}
.failed .number { background: var(--bad); color: var(--card); }
.waiting .number { background: var(--warn); color: var(--card); }
.ahead .number, .unseen .number { background: var(--card); color: var(--quiet); border: 1px solid var(--line); }
.ahead .card, .unseen .card { box-shadow: none; background: transparent; }
.line { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: 0 1rem; }
.took { font-variant-numeric: tabular-nums; font-weight: 600; font-size: .9375rem; }
.took span { color: var(--quiet); font-weight: 400; }
.between { color: var(--quiet); font-size: .9375rem; }
.exchange { margin-top: 1rem; padding-top: 1rem; border-top: 1px solid var(--edge); }
.request { margin-top: .25rem; }
.answer { margin-top: .625rem; font-weight: 600; color: var(--good); }
.answer.bad { color: var(--bad); }
.checked { margin-top: 1rem; padding: .75rem 1rem; border-radius: .625rem; background: var(--good-soft); }
.checked strong { color: var(--good); }
.ahead .checked, .unseen .checked, .waiting .checked { background: var(--softer); color: var(--quiet); }
.ahead .checked strong, .waiting .checked strong { color: inherit; }
.failure { margin-top: 1rem; padding: 1rem; border-radius: .625rem; background: var(--bad-soft); }
.failure > p { color: var(--bad); }
.failure dl { grid-template-columns: 5rem minmax(0, 1fr); margin-top: .5rem; }
details.card { padding: 1rem 1.5rem; margin-top: .75rem; }
summary { cursor: pointer; font-weight: 600; }
summary .quiet { font-weight: 400; }
.plain { margin: .5rem 0 0; padding: 0; list-style: none; display: grid; gap: .375rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
@media (prefers-reduced-motion: no-preference) {
  .button, nav a { transition: background-color .15s, border-color .15s; }
}
@media (max-width: 44rem) {
  main { padding-block: 1.5rem; gap: 1.25rem; }
  .bar, main, footer { padding-inline: 1rem; }
  h1 { font-size: 1.625rem; }
  .card { padding: 1.125rem; }
  .two { grid-template-columns: minmax(0, 1fr); }
  dl, .failure dl { grid-template-columns: minmax(0, 1fr); gap: 0; }
  dt { font-size: .875rem; }
  dd { margin-bottom: .75rem; }
  dd:last-child { margin-bottom: 0; }
  .actions, .actions form { display: grid; }
  .step { grid-template-columns: minmax(0, 1fr); gap: .5rem; }
  .step::before { display: none; }
  .number { width: 2rem; height: 2rem; }
  nav { order: 3; width: 100%; margin-inline: -.75rem; }
  .who { display: none; }
  .strip { grid-template-columns: minmax(0, 1fr); gap: .25rem; }
  .strip li { display: flex; justify-content: space-between; align-items: center; padding: .5rem 0 0; border-top: 1px solid var(--edge); }
  details.card { padding: .875rem 1.125rem; }
  th, .two th { width: 10.5rem; }
  th code { font-size: .75rem; }
  td { font-size: .875rem; }
}
"#;

#[cfg(test)]
mod tests {
    use super::STYLE;

    /// Returns the colours of one scheme by name, as relative luminance (WCAG 2.2).
    fn luminance(scheme: &str, name: &str) -> f64 {
        let start = format!("{name}: #");
        let hex = scheme.split_once(&start).expect(name).1.get(..6).unwrap();
        let channel = |at: usize| {
            let value = u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
            let part = f64::from(value) / 255.0;
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
    }

    #[test]
    fn texts_can_be_read_in_both_schemes() {
        let texts = [
            ("text", "ground card softer good-soft bad-soft"),
            ("quiet", "ground card softer bad-soft"),
            ("accent", "ground card soft"),
            ("on-accent", "accent accent-strong"),
            ("good", "card good-soft"),
            ("warn", "warn-soft"),
            ("bad", "card bad-soft"),
            ("card", "warn bad"),
        ];
        let schemes: Vec<&str> = STYLE.split(":root {").skip(1).collect();
        assert_eq!(schemes.len(), 2, "light and dark");
        for scheme in schemes {
            for (text, grounds) in texts {
                for ground in grounds.split(' ') {
                    let text_light = luminance(scheme, &format!("--{text}"));
                    let ground_light = luminance(scheme, &format!("--{ground}"));
                    let (high, low) = (text_light.max(ground_light), text_light.min(ground_light));
                    let contrast = (high + 0.05) / (low + 0.05);
                    assert!(contrast >= 4.5, "{text} on {ground}: {contrast:.2}");
                }
            }
        }
    }
}

//! What a run has shown: its figures, and everything in which it falls short.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::driver::Driver;
use crate::log_out::Late;
use crate::nodes::Kill;
use crate::provider::{DISTANCE, Ledger, Provider};
use crate::proxy::Counts;

/// From when on an access token may be replaced, in eighths of its life: the last quarter, and an eighth by which
/// sessions are spread.
const FROM_EIGHTH: u32 = 5;

/// What two clocks that count whole seconds may differ by.
const TICK: Duration = Duration::from_secs(1);

/// How long a node takes at most, on a busy machine, from its request to the provider to the store's answer.
const UNDER_WAY: Duration = Duration::from_secs(3);

/// How long a node counts as alive that says nothing any longer, and how long others wait for it in vain.
const LEASE: Duration = Duration::from_secs(15);

/// What two threads of a busy machine may disagree about when something happened.
const SOON: Duration = Duration::from_millis(50);

/// What the run has to say beside the provider's ledger and the driver's findings.
pub(crate) struct Course {
    pub(crate) took: Duration,
    pub(crate) began: Instant,
    pub(crate) kills: Vec<Kill>,
    /// When the store went away and when it was back.
    pub(crate) store_away: (Instant, Instant),
    pub(crate) everywhere: Late,
    pub(crate) alone: Late,
}

/// Prints the figures, and returns what is wrong.
pub(crate) fn judge(
    driver: &Driver,
    provider: &Provider,
    counts: &Counts,
    course: &Course,
) -> (String, Vec<String>) {
    let mut wrong = driver.findings.all_wrong();
    let ledger = provider.ledger();
    let (codes, codes_again) = Ledger::count(&ledger.codes);
    let (refreshes, refreshes_again) = Ledger::count(&ledger.refresh_tokens);
    if codes_again + refreshes_again > 0 {
        wrong.push(format!(
            "{codes_again} codes and {refreshes_again} refresh tokens were presented again"
        ));
    }
    if ledger.bad_calls > 0 {
        wrong.push(format!("the API refused {} tokens", ledger.bad_calls));
    }
    for (error, times) in &ledger.refusals {
        wrong.push(format!("the token endpoint refused {times} times: {error}"));
    }
    let lifetime = Duration::from_secs(driver.plan.access_token_seconds.unsigned_abs());
    let gap = shortest_gap(&ledger);
    if gap.is_some_and(|gap| gap + TICK < lifetime * FROM_EIGHTH / 8) {
        wrong.push(format!(
            "an access token was replaced after {gap:?} of {lifetime:?}"
        ));
    }
    let doubts = doubts(driver, &ledger, course);
    wrong.extend(doubts.unexplained);
    if doubts.never_sent > course.kills.len() {
        wrong.push(format!(
            "{} refresh tokens were given up unsent, by {} kills",
            doubts.never_sent,
            course.kills.len()
        ));
    }
    if refreshes == 0 {
        wrong.push("no access token expired: the run was too short to show anything".to_owned());
    }
    let doubtful = format!(
        "{}, {} of them before the token was sent",
        doubts.count, doubts.never_sent
    );
    let figures = figures(driver, counts, course, &ledger, doubtful, gap);
    let mut text = figures;
    let _ = writeln!(text, "| codes presented, again | {codes}, {codes_again} |");
    let _ = writeln!(
        text,
        "| refresh tokens presented, again | {refreshes}, {refreshes_again} |"
    );
    (text, wrong)
}

/// Returns the shortest time between the moment when an access token was given out and the moment when its
/// successor was asked for.
fn shortest_gap(ledger: &Ledger) -> Option<Duration> {
    let chains = ledger.chains.values();
    let gaps = chains.flat_map(|chain| {
        let next = chain.asked.iter().skip(1);
        next.zip(&chain.given)
            .map(|(asked, given)| asked.duration_since(*given))
    });
    gaps.min()
}

struct Doubts {
    count: usize,
    /// Those whose refresh token never arrived at the provider.
    never_sent: usize,
    unexplained: Vec<String>,
}

/// Finds the sessions that want a new login for a new token, and what would explain each.
///
/// A node that was killed with a refresh under way leaves a refresh token that may be used or not: it must not
/// be sent again, and whoever holds the session learns that the provider is to be asked anew.
fn doubts(driver: &Driver, ledger: &Ledger, course: &Course) -> Doubts {
    let visitors = driver.visitors();
    let held = visitors
        .iter()
        .filter(|visitor| visitor.in_doubt().is_some());
    let mut doubts = Doubts {
        count: 0,
        never_sent: 0,
        unexplained: Vec::new(),
    };
    for visitor in held {
        doubts.count += 1;
        let noticed = visitor.in_doubt().unwrap_or_else(Instant::now);
        let chain = ledger.chains.get(&visitor.code);
        let Some((chain, asked)) = chain.and_then(|chain| Some((chain, chain.asked.last()?)))
        else {
            let text = format!("{}: its code is unknown at the provider", visitor.name);
            doubts.unexplained.push(text);
            continue;
        };
        // Whoever is logged in had the answer to the code.
        let lost = chain.asked.len() > 1
            && visitor
                .last_token()
                .is_none_or(|last| last < *asked + DISTANCE);
        let (from, until) = if lost {
            // It went out and was answered, and its node was killed before the store had that.
            (*asked - SOON, *asked + UNDER_WAY)
        } else {
            // That one came. For the next one a node had taken the right to send it, and was killed before it did:
            // the provider cannot tell which node, and it was not long ago.
            (noticed - LEASE, noticed)
        };
        let by = chain.asked_last_by.filter(|_| lost);
        let explains =
            |kill: &Kill| by.is_none_or(|by| by == kill.node) && (from..=until).contains(&kill.at);
        let (away, back) = course.store_away;
        let store = until >= away && back + UNDER_WAY >= from;
        doubts.never_sent += usize::from(!lost);
        // What the browser saw last tells no more than that: a node may have gone on with a token that it never
        // showed, and died with the next.
        let recent = |kill: &Kill| (noticed - LEASE..=noticed).contains(&kill.at);
        let explained = |kill: &Kill| explains(kill) || recent(kill);
        if !store && !course.kills.iter().any(explained) {
            let after = |at: Instant| at.saturating_duration_since(course.began).as_secs_f64();
            doubts.unexplained.push(format!(
                "{}: no token without a login, and no kill explains it: node {:?} asked at {:.2} s, \
                 noticed at {:.2} s, {}; kills of that node at {:.2?}",
                visitor.name,
                chain.asked_last_by,
                after(*asked),
                after(noticed),
                if lost { "the answer is lost" } else { "the answer had come" },
                course.kills.iter().filter(|kill| Some(kill.node) == chain.asked_last_by)
                    .map(|kill| after(kill.at)).collect::<Vec<_>>(),
            ));
        }
    }
    doubts
}

fn figures(
    driver: &Driver,
    counts: &Counts,
    course: &Course,
    ledger: &Ledger,
    doubtful: String,
    gap: Option<Duration>,
) -> String {
    let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    let proxy = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let plan = &driver.plan;
    let findings = &driver.findings;
    let seconds = course.took.as_secs_f64();
    let rows = [
        ("nodes", plan.nodes.to_string()),
        ("seed", plan.seed.to_string()),
        ("time", format!("{seconds:.1} s")),
        (
            "logins that reached their browser",
            format!(
                "{} ({} reloads)",
                count(&findings.logins),
                count(&findings.reloads)
            ),
        ),
        (
            "authenticated requests",
            format!(
                "{}, {:.0} a second; {} tried again",
                count(&findings.requests),
                count(&findings.requests) as f64 / seconds,
                count(&findings.tried_again)
            ),
        ),
        (
            "pages with a token for the API",
            count(&findings.tokens).to_string(),
        ),
        (
            "calls of the API, refused",
            format!("{}, {}", ledger.calls, ledger.bad_calls),
        ),
        ("kills", course.kills.len().to_string()),
        (
            "store away",
            format!(
                "{:.1} s",
                (course.store_away.1 - course.store_away.0).as_secs_f64()
            ),
        ),
        (
            "balancer",
            format!(
                "{} requests, {} refused connections, {} sent again, {} with status 502",
                proxy(&counts.requests),
                proxy(&counts.passed_over),
                proxy(&counts.sent_again),
                proxy(&counts.bad_gateway)
            ),
        ),
        (
            "shortest life of an access token",
            gap.map_or_else(String::new, |gap| {
                format!(
                    "{:.2} of {} s",
                    gap.as_secs_f64(),
                    plan.access_token_seconds
                )
            }),
        ),
        ("sessions in doubt about their token", doubtful),
        (
            "cookies in a request, at most",
            format!("{} bytes", count(&findings.cookie_bytes)),
        ),
        (
            "log-outs everywhere, latest page let in",
            format!(
                "{}, {:.2} s",
                course.everywhere.log_outs,
                course.everywhere.longest.as_secs_f64()
            ),
        ),
        (
            "log-outs of one session, latest page let in",
            format!(
                "{}, {:.2} s",
                course.alone.log_outs,
                course.alone.longest.as_secs_f64()
            ),
        ),
    ];
    let mut text = "| | |\n|---|---|\n".to_owned();
    for (name, value) in rows {
        let _ = writeln!(text, "| {name} | {value} |");
    }
    text
}

//! How the program starts, what it prints, and how it ends: the same in every framework.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;

use super::tourist::plan;
use crate::suite::directory::Directory;
use crate::suite::must;
use crate::suite::port::free_port;
use crate::suite::process::Process;
use crate::suite::visitor::{Visitor, saying};

/// `--help` is an answer and no failure.
pub fn a_program_that_is_asked_says_how_it_is_called(binary: &str) {
    let mut process = Process::start(binary, &words(&["--help"]));
    assert_eq!(process.wait_for_end(), Some(0), "{}", process.said());
    let usage = format!("usage: {} [--config FILE]\n", name(binary));
    assert_eq!(process.said(), usage);
}

/// What is wrong comes first, and then how it would be right.
pub fn a_wrong_command_line_is_refused_with_the_usage(binary: &str) {
    let usage = format!("; usage: {} [--config FILE]\n", name(binary));
    for (arguments, wrong) in [
        (&["--confg", "x"][..], "argument \"--confg\" is not known"),
        (&["--config"], "--config needs a file"),
    ] {
        refuses(binary, &words(arguments), &format!("{wrong}{usage}"));
    }
    let missing = words(&["--config", "/nowhere/at/all.toml"]);
    refuses(binary, &missing, "file /nowhere/at/all.toml: ");
}

/// The operator does not have to start it once for each mistake.
pub fn mistakes_in_the_configuration_are_refused_all_at_once(binary: &str) {
    let directory = Directory::new();
    let file = directory.path().join("wrong.toml");
    let file = words(&["--config", &file.display().to_string()]);
    directory.write(
        "wrong.toml",
        "public_origin = \"https://app.example\"\nbase = \"auth\"\n\
         [[provider]]\npreset = \"github\"\nclient_id = \"\"\n",
    );
    let said = refuses(binary, &file, "");
    for mistake in ["base", "secret", "client_id"] {
        let code = format!("configuration.{mistake}");
        assert!(said.contains(&code), "no {code}: {said}");
    }
    directory.write("wrong.toml", "listen = \"hunter2hunter2");
    let said = refuses(binary, &file, "configuration: ");
    assert!(!said.contains("hunter2"), "{said}");
}

/// Whoever starts it twice reads which address is taken.
pub fn an_address_that_is_taken_is_named(binary: &str) {
    let taken = must("a port", TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
    let address = must("its address", taken.local_addr());
    let directory = Directory::new();
    let arguments = plan().on_port(address.port()).write(&directory);
    refuses(binary, &arguments, &format!("cannot listen on {address}: "));
}

/// SIGTERM ends it with 0, and all that it ever printed is where it was.
pub fn a_signal_ends_the_program_well_in_spite_of_open_connections(binary: &str) {
    let plan = plan();
    let origin = plan.origin();
    let directory = Directory::new();
    let mut process = start_with_its_number(binary, "", &plan.write(&directory));
    let number = process.wait_for_output(|line| line.parse::<u32>().ok());
    let ready = format!("The tour is on {origin} (Ctrl-C stops it)");
    process.wait_for_output(|line| (line == ready).then_some(()));
    // A browser keeps connections like this one open, in case that somebody clicks on something.
    let port = origin.rsplit(':').next().and_then(|port| port.parse().ok());
    let address = (Ipv4Addr::LOCALHOST, port.unwrap_or(0));
    let mut kept = must("a connection", TcpStream::connect(address));
    let mut slow = must("a connection", TcpStream::connect(address));
    let asked = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
    must("a request", kept.write_all(asked));
    must("an answer", kept.read_exact(&mut [0]));
    // And this request is never going to be whole.
    must("half a request", slow.write_all(&asked[..10]));
    let mut kill = Process::start("sh", &words(&["-c", &format!("kill -TERM {number}")]));
    assert_eq!(kill.wait_for_end(), Some(0), "{}", kill.said());
    assert_eq!(process.wait_for_end(), Some(0), "{}", process.said());
    assert_eq!(process.output(), format!("{number}\n{ready}\n"));
}

/// A file and variables that the framework would read by itself are not the tour's configuration.
pub fn settings_of_the_framework_move_nothing(binary: &str) {
    let elsewhere = free_port();
    let directory = Directory::new();
    let file = format!("[default]\nport = {elsewhere}\nlog_level = \"debug\"\n");
    directory.write("Rocket.toml", &file);
    let plan = plan();
    let origin = plan.origin();
    let surroundings = format!(
        "cd '{}'; export ROCKET_PORT={elsewhere} ROCKET_LOG_LEVEL=debug ROCKET_PROFILE=debug;",
        directory.path().display()
    );
    let process = start_with_its_number(binary, &surroundings, &plan.write(&directory));
    process.wait_for_output(|line| line.contains(&origin).then_some(()));
    let page = Visitor::default().get(&format!("{origin}/"));
    saying(page, 200, &["Nobody is logged in"]);
    assert_eq!(process.output().lines().count(), 2, "{}", process.said());
}

/// Starts a program in some surroundings; the first line of its output is the number of its process.
fn start_with_its_number(binary: &str, surroundings: &str, arguments: &[String]) -> Process {
    let script = format!("{surroundings} echo $$; exec \"$@\"");
    let before = ["-c", &script, "sh", binary].map(str::to_owned);
    Process::start("sh", &[&before, arguments].concat())
}

/// Fails unless the program ends with 2, says this and prints nothing; returns all that it said.
fn refuses(binary: &str, arguments: &[String], beginning: &str) -> String {
    let mut process = Process::start(binary, arguments);
    let code = process.wait_for_end();
    let said = process.said();
    assert_eq!(code, Some(2), "{said}");
    assert_eq!(process.output(), "", "{said}");
    assert!(said.starts_with(beginning), "not {beginning:?}: {said}");
    said
}

fn name(binary: &str) -> &str {
    let name = Path::new(binary).file_stem();
    name.and_then(|name| name.to_str()).unwrap_or_default()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}
